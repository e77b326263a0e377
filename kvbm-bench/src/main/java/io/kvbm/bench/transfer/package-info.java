/** {@code kvbm bench transfer}: agents beside iperf3, plain sockets and ucx_perftest. */
@NullMarked
package io.kvbm.bench.transfer;

import org.jspecify.annotations.NullMarked;
