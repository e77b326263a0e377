package io.kvbm.backend.remote.s3;

/**
 * How many retries all calls together may make: a full bucket of tokens, one taken by each retry, a
 * tenth given back by each success. A service that fails everything gets few requests more than it
 * would without retries. Threading: safe from any thread.
 */
final class RetryBudget {

  private static final int PER_TOKEN = 10;

  private final long capacity;
  private long tenths;

  RetryBudget(long tokens) {
    capacity = tokens * PER_TOKEN;
    tenths = capacity;
  }

  synchronized boolean tryTake() {
    if (tenths < PER_TOKEN) {
      return false;
    }
    tenths -= PER_TOKEN;
    return true;
  }

  synchronized void succeeded() {
    tenths = Math.min(capacity, tenths + 1);
  }
}
