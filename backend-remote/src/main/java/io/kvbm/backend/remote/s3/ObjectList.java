package io.kvbm.backend.remote.s3;

import io.kvbm.backend.remote.s3.S3Bucket.Entry;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

/** Goes through the objects of a location in the order of their keys, page by page. */
final class ObjectList {

  private static final int PAGE = 1000;

  private final StoreParts parts;

  ObjectList(StoreParts parts) {
    this.parts = parts;
  }

  /**
   * Visits objects that are not expired.
   *
   * @param limit how many the visitor wants about, for the length of pages
   * @param visitor gets key and entry, says whether to go on
   */
  void walk(String prefix, String after, int limit, BiPredicate<String, Entry> visitor) {
    String root = parts.location().root();
    String last = root + (after.compareTo(S3Location.FIRST) < 0 ? S3Location.FIRST : after);
    int page = Math.min(limit, PAGE);
    while (true) {
      parts.gate().requireOpen();
      List<Entry> entries = parts.bucket().list(root + prefix, last, page);
      if (entries.isEmpty()) {
        return;
      }
      Set<String> marked = marked(prefix, last.substring(root.length()), entries);
      for (Entry entry : entries) {
        String key = entry.key().substring(root.length());
        boolean alive = !marked.contains(key) || isAlive(entry);
        if (isOurs(key, entry) && alive && !visitor.test(key, entry)) {
          return;
        }
      }
      last = entries.getLast().key();
      if (entries.size() < page && parts.bucket().list(root + prefix, last, 1).isEmpty()) {
        return;
      }
    }
  }

  static boolean isOurs(String key, Entry entry) {
    return key.matches("[A-Za-z0-9._/-]+") && ObjectFooter.valueByteSize(entry.byteSize()) >= 0;
  }

  private boolean isAlive(Entry entry) {
    return parts
        .bucket()
        .head(entry.key())
        .filter(found -> !found.isExpired(parts.clock().instant()))
        .isPresent();
  }

  /**
   * {@return keys from a page that may have a time to live}
   *
   * @param after the key before the page
   */
  private Set<String> marked(String prefix, String after, List<Entry> page) {
    String root = parts.location().root();
    String marks = parts.location().marks();
    String end = page.getLast().key().substring(root.length());
    Set<String> found = new HashSet<>();
    String last = marks + after;
    while (true) {
      List<Entry> entries = parts.bucket().list(marks + prefix, last, PAGE);
      for (Entry entry : entries) {
        String key = entry.key().substring(marks.length());
        if (key.compareTo(end) > 0) {
          return found;
        }
        found.add(key);
      }
      if (entries.size() < PAGE) {
        return found;
      }
      last = entries.getLast().key();
    }
  }
}
