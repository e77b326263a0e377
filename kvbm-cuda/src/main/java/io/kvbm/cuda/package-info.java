/**
 * The CUDA driver as the backends for pinned and device memory call it: device memory, page-locked
 * host memory, streams, copies, and what goes wrong with them.
 *
 * <p>The driver is found at run time ({@code libcuda.so.1}); where there is none, {@link
 * io.kvbm.cuda.CudaDriver#load()} says so and nothing else happens. Source of the calls: CUDA
 * Driver API reference, NVIDIA.
 */
@NullMarked
package io.kvbm.cuda;

import org.jspecify.annotations.NullMarked;
