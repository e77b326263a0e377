package io.kvbm.core.pool;

import com.fasterxml.jackson.core.JsonFactory;

/** Broken: core knows a library that the design does not give it. */
interface Drawing {
  JsonFactory factory();
}
