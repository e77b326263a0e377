package io.kvbm.bench.disk;

/**
 * What a device moved.
 *
 * @param readBytes bytes read from it
 * @param writtenBytes bytes written to it
 */
record DeviceTraffic(long readBytes, long writtenBytes) {

  /** Where nobody counts. */
  static final DeviceTraffic UNKNOWN = new DeviceTraffic(-1, -1);

  DeviceTraffic plus(DeviceTraffic other) {
    return other.equals(UNKNOWN) || equals(UNKNOWN)
        ? UNKNOWN
        : new DeviceTraffic(readBytes + other.readBytes, writtenBytes + other.writtenBytes);
  }

  DeviceTraffic since(DeviceTraffic before) {
    return before.equals(UNKNOWN) || equals(UNKNOWN)
        ? UNKNOWN
        : new DeviceTraffic(readBytes - before.readBytes, writtenBytes - before.writtenBytes);
  }
}
