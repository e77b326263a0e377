/**
 * Races, each shown on purpose: a thread is stopped where it hurts, by a hook that users have too,
 * while others go on ({@link io.kvbm.core.races.PoolRacesTest}, {@link
 * io.kvbm.core.races.TransferRacesTest}); and interleavings of a few calls are gone through and
 * compared with what the calls give one after the other ({@link
 * io.kvbm.core.races.PoolModelCheckTest}).
 *
 * <p>The same races by chance, many times over, are elsewhere:
 *
 * <ul>
 *   <li>look-up against last close: {@code
 *       BlockPoolRaceTest#case47_aLookupThatRacesTheLastReturnHits}
 *   <li>eviction against re-register: {@code
 *       BlockRegistryRaceTest#case47_evictionRacingReRegistrationKeepsPresence}
 *   <li>allocate all from eight threads, of empty slots: {@code
 *       BlockPoolRaceTest#case38_eightThreadsThatAskForEverythingGetItOnce}
 *   <li>cancel against completion: {@code TransferRaceTest}, and {@code TransferQueueTest} in order
 *   <li>all of a pool's calls at once: {@code BlockPoolStressTest}
 * </ul>
 */
@NullMarked
package io.kvbm.core.races;

import org.jspecify.annotations.NullMarked;
