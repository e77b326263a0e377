package io.kvbm.arch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;

/** Under which licences others' artifacts come, and which of them a user of ours can live with. */
final class Licences {
  private static final Pattern ACCEPTED =
      Pattern.compile(
          "(?i).*(apache|\\bmit\\b|bsd|eclipse public|epl|eclipse distribution|public domain|cc0"
              + "|classpath exception).*");
  private static final Pattern COPYLEFT = Pattern.compile("(?i).*(gpl|gnu|sspl|general public).*");
  private static final Pattern EXCEPTION = Pattern.compile("(?i).*classpath[- ]exception.*");

  /** Tools whose licence or weight keeps them out of what is published. */
  private static final Set<String> UNPUBLISHED_ONLY =
      Set.of(
          "org.openjdk.jmh:jmh-core",
          "org.openjdk.jmh:jmh-generator-annprocess",
          "org.openjdk.jcstress:jcstress-core",
          "org.jgrapht:jgrapht-core",
          "it.unimi.dsi:webgraph");

  private Licences() {}

  /**
   * An artifact of others.
   *
   * @param name group and artifact
   * @param version its version
   * @param licences as its pom, or the pom it inherits from, names them; any one of them suffices
   */
  record Artifact(String name, String version, List<String> licences) {

    boolean isAccepted() {
      return licences.stream().anyMatch(Licences::isAccepted)
          && UNPUBLISHED_ONLY.stream().noneMatch(name::equals);
    }
  }

  /** {@return whether software under this licence can be part of ours} */
  static boolean isAccepted(String licence) {
    return COPYLEFT.matcher(licence).matches()
        ? EXCEPTION.matcher(licence).matches()
        : ACCEPTED.matcher(licence).matches();
  }

  /** Reads the pom beside a jar of a Maven repository. */
  static Artifact read(Path jar) {
    Path folder = jar.getParent();
    String version = folder.getFileName().toString();
    String artifactId = folder.getParent().getFileName().toString();
    Path pom = folder.resolve(artifactId + "-" + version + ".pom");
    Element project = Reactor.parse(pom);
    Element parent = Reactor.child(project, "parent");
    String groupId =
        Reactor.text(project, "groupId", parent == null ? "" : Reactor.text(parent, "groupId", ""));
    Path repository = folder.getParent().getParent();
    for (int i = 0; i < groupId.split("\\.").length; i++) {
      repository = repository.getParent();
    }
    return new Artifact(groupId + ":" + artifactId, version, licences(project, repository));
  }

  private static List<String> licences(Element project, Path repository) {
    Element from = project;
    while (from != null) {
      List<String> names =
          Reactor.children(Reactor.child(from, "licenses"), "license").stream()
              .map(licence -> Reactor.text(licence, "name", ""))
              .toList();
      if (!names.isEmpty()) {
        return names;
      }
      from = parentOf(from, repository);
    }
    return List.of();
  }

  private static @Nullable Element parentOf(Element project, Path repository) {
    Element parent = Reactor.child(project, "parent");
    if (parent == null) {
      return null;
    }
    String artifactId = Reactor.text(parent, "artifactId", "");
    String version = Reactor.text(parent, "version", "");
    Path pom =
        repository
            .resolve(Reactor.text(parent, "groupId", "").replace('.', '/'))
            .resolve(artifactId)
            .resolve(version)
            .resolve(artifactId + "-" + version + ".pom");
    return Files.isRegularFile(pom) ? Reactor.parse(pom) : null;
  }

  /** Refuses a published module whose users would get one of these artifacts. */
  static void require(String module, List<Artifact> artifacts) {
    List<String> refused =
        artifacts.stream()
            .filter(artifact -> !artifact.isAccepted())
            .map(
                artifact ->
                    artifact.name() + ":" + artifact.version() + " under " + artifact.licences())
            .toList();
    if (!refused.isEmpty()) {
      throw new AssertionError(
          module + " would bring its users " + refused + ": use another library, or test scope");
    }
  }
}
