/**
 * The {@code cuda} backend: {@link io.kvbm.backend.cuda.DeviceStorage} in the memory of NVIDIA
 * GPUs, and a transport between it, host memory and other GPUs.
 */
@NullMarked
package io.kvbm.backend.cuda;

import org.jspecify.annotations.NullMarked;
