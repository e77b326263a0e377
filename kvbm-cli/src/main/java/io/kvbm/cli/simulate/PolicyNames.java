package io.kvbm.cli.simulate;

import io.kvbm.core.policy.EvictionPolicies;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The names {@code --policy} takes, for its help text. */
final class PolicyNames implements Iterable<String> {

  /** Created by the command line when it needs them. */
  PolicyNames() {}

  /** Returns the names of all policies and {@code min}, sorted. */
  static List<String> all() {
    List<String> names = new ArrayList<>(EvictionPolicies.names());
    names.add(MinPolicy.NAME);
    names.sort(null);
    return names;
  }

  @Override
  public Iterator<String> iterator() {
    return all().iterator();
  }
}
