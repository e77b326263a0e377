package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.DirectoryMember;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a member says of itself, in lines that people can read with {@code etcdctl get}.
 *
 * @param member who
 * @param leaseSeconds after how long without a sign of life it is gone
 */
record MemberRecord(DirectoryMember member, long leaseSeconds) {

  private static final String FIRST_LINE = "kvbm-member 1";
  private static final int MAX_BYTES = 16 << 10;
  private static final int MAX_ENDPOINTS = 64;
  private static final long MAX_LEASE_SECONDS = 3600;

  byte[] encode() {
    StringBuilder text = new StringBuilder(FIRST_LINE).append('\n');
    text.append("generation=%016x\n".formatted(member.agent().generation()));
    text.append("worker=%d\n".formatted(member.workerId()));
    text.append("fingerprint=%016x\n".formatted(member.fingerprint()));
    text.append("lease=%d\n".formatted(leaseSeconds));
    for (AgentEndpoint endpoint : member.agent().endpoints()) {
      text.append("endpoint=%s\n".formatted(endpoint));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** {@return the record, or null if the bytes are none} */
  static @Nullable MemberRecord decode(String name, byte[] bytes) {
    if (bytes.length > MAX_BYTES) {
      return null;
    }
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return parse(name, text.split("\n"));
    } catch (CharacterCodingException | NumberFormatException | KvbmException e) {
      return null;
    }
  }

  private static @Nullable MemberRecord parse(String name, String[] lines) {
    if (!lines[0].equals(FIRST_LINE)) {
      return null;
    }
    Long generation = null;
    Long worker = null;
    Long fingerprint = null;
    long lease = 0;
    List<AgentEndpoint> endpoints = new ArrayList<>();
    for (int i = 1; i < lines.length; i++) {
      int equals = lines[i].indexOf('=');
      String value = lines[i].substring(equals + 1);
      switch (lines[i].substring(0, Math.max(0, equals))) {
        case "generation" -> generation = Long.parseUnsignedLong(value, 16);
        case "worker" -> worker = Long.parseLong(value);
        case "fingerprint" -> fingerprint = Long.parseUnsignedLong(value, 16);
        case "lease" -> lease = Long.parseLong(value);
        case "endpoint" -> endpoints.add(endpoint(value));
        default -> {
          // a later minor version knows more
        }
      }
    }
    if (generation == null
        || worker == null
        || fingerprint == null
        || lease <= 0
        || lease > MAX_LEASE_SECONDS
        || endpoints.size() > MAX_ENDPOINTS) {
      return null;
    }
    AgentDescriptor agent = new AgentDescriptor(name, generation, endpoints);
    return new MemberRecord(new DirectoryMember(agent, worker, fingerprint), lease);
  }

  private static AgentEndpoint endpoint(String text) {
    int at = text.indexOf("://");
    if (at < 0) {
      throw new NumberFormatException("no address"); // answered like any other wrong value
    }
    return new AgentEndpoint(text.substring(0, at), text.substring(at + 3));
  }
}
