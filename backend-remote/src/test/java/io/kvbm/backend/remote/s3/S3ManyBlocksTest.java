package io.kvbm.backend.remote.s3;

import org.junit.jupiter.api.Tag;

/** The same with ten thousand blocks: minutes on two cores, most of them the server's. */
@Tag("slow")
class S3ManyBlocksTest extends S3BlocksTest {

  @Override
  int blocks() {
    return Integer.getInteger("kvbm.test.s3.blocks", 10_000);
  }
}
