package io.kvbm.codecs;

import io.kvbm.api.codec.Codec;
import io.kvbm.testkit.contract.CodecContract;

class ZstdCodecContractTest extends CodecContract {

  @Override
  protected Codec codec() {
    return new ZstdCodec();
  }
}
