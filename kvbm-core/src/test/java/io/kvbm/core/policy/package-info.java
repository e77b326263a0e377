/** Tests of the eviction policies, among them the contract every policy is held to. */
@NullMarked
package io.kvbm.core.policy;

import org.jspecify.annotations.NullMarked;
