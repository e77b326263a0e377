package io.kvbm.arch;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * The modules of this build, read from its poms.
 *
 * @param root the folder of the root pom
 * @param modules in the order of the build
 */
record Reactor(Path root, List<Module> modules) {

  /**
   * One module of the build.
   *
   * @param folder its folder, named like the module
   * @param groupId of the artifact
   * @param artifactId of the artifact
   * @param version of the artifact
   * @param packaging {@code jar} or {@code pom}
   * @param published whether it may be deployed
   * @param dependencies as its pom declares them
   */
  record Module(
      Path folder,
      String groupId,
      String artifactId,
      String version,
      String packaging,
      boolean published,
      List<Dependency> dependencies) {

    /** {@return the module name that the folder's name stands for} */
    String moduleName() {
      return "io." + (artifactId.startsWith("kvbm-") ? "" : "kvbm.") + artifactId.replace('-', '.');
    }

    Path classes() {
      return folder.resolve("target/classes");
    }

    Path testClasses() {
      return folder.resolve("target/test-classes");
    }

    Path jar() {
      return folder.resolve("target/" + artifactId + "-" + version + ".jar");
    }

    boolean isLibrary() {
      return published && packaging.equals("jar");
    }

    @Override
    public String toString() {
      return artifactId;
    }
  }

  /** A dependency as a pom declares it; the scope is {@code compile} where it says none. */
  record Dependency(String groupId, String artifactId, @Nullable String version, String scope) {

    boolean isRuntime() {
      return scope.equals("compile") || scope.equals("runtime");
    }

    String name() {
      return groupId + ":" + artifactId;
    }
  }

  /** {@return the build this module is part of} */
  static Reactor load() {
    return load(Path.of("..").toAbsolutePath().normalize());
  }

  static Reactor load(Path root) {
    List<Module> modules = new ArrayList<>();
    Element parent = parse(root.resolve("pom.xml"));
    for (Element name : children(child(parent, "modules"), "module")) {
      modules.add(module(root.resolve(name.getTextContent().strip()), parent));
    }
    return new Reactor(root, List.copyOf(modules));
  }

  Module module(String artifactId) {
    return modules.stream()
        .filter(module -> module.artifactId.equals(artifactId))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no module " + artifactId + " in the root pom"));
  }

  /** {@return the published modules that are jars} */
  List<Module> libraries() {
    return modules.stream().filter(Module::isLibrary).toList();
  }

  private static Module module(Path folder, Element parent) {
    Element pom = parse(folder.resolve("pom.xml"));
    List<Dependency> dependencies = new ArrayList<>();
    for (Element dependency : children(child(pom, "dependencies"), "dependency")) {
      dependencies.add(dependency(dependency));
    }
    Element properties = child(pom, "properties");
    return new Module(
        folder,
        text(pom, "groupId", text(parent, "groupId", "")),
        text(pom, "artifactId", ""),
        text(pom, "version", text(parent, "version", "")),
        text(pom, "packaging", "jar"),
        properties == null || !text(properties, "maven.deploy.skip", "false").equals("true"),
        List.copyOf(dependencies));
  }

  static Dependency dependency(Element element) {
    String version = text(element, "version", "");
    return new Dependency(
        text(element, "groupId", ""),
        text(element, "artifactId", ""),
        version.isEmpty() ? null : version,
        text(element, "scope", "compile"));
  }

  static Element parse(Path pom) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      return factory.newDocumentBuilder().parse(pom.toFile()).getDocumentElement();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ParserConfigurationException | SAXException e) {
      throw new AssertionError(pom + ": " + e.getMessage(), e);
    }
  }

  static @Nullable Element child(@Nullable Element parent, String name) {
    List<Element> found = children(parent, name);
    return found.isEmpty() ? null : found.getFirst();
  }

  static List<Element> children(@Nullable Element parent, String name) {
    List<Element> found = new ArrayList<>();
    Node next = parent == null ? null : parent.getFirstChild();
    for (; next != null; next = next.getNextSibling()) {
      if (next instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }

  static String text(Element parent, String name, String otherwise) {
    Element found = child(parent, name);
    return found == null ? otherwise : found.getTextContent().strip();
  }

  /** {@return whether every library has been packaged} */
  boolean isPackaged() {
    return libraries().stream().allMatch(module -> Files.isRegularFile(module.jar()));
  }
}
