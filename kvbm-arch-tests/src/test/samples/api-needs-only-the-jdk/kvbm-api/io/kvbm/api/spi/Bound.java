package io.kvbm.api.spi;

import org.agrona.DirectBuffer;

/** Broken: the api knows a library. */
interface Bound {
  DirectBuffer buffer();
}
