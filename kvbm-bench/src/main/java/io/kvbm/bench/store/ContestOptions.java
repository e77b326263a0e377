package io.kvbm.bench.store;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What to measure and for how long.
 *
 * @param directory where the stores are made; must exist
 * @param cases the rows
 * @param contestants who takes part, ours first
 * @param rounds how often each
 * @param nanos how long each
 * @param writers threads that put
 * @param readers threads that get
 * @param datasetByteSize values that cold gets choose from
 * @param cacheByteSize memory that each may keep values in
 * @param settings of our backend, besides
 */
record ContestOptions(
    Path directory,
    List<StoreCase> cases,
    List<Contestant> contestants,
    int rounds,
    long nanos,
    int writers,
    int readers,
    long datasetByteSize,
    long cacheByteSize,
    Map<String, String> settings) {}
