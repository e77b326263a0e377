/** Tests of the onboarder. */
@NullMarked
package io.kvbm.core.onboard;

import org.jspecify.annotations.NullMarked;
