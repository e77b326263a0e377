package io.kvbm.core.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingEndEvent;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.parser.Parser;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Reads the part of YAML that a configuration needs: sections and single values. Works on the
 * parser's events, so that nothing is built from what a file names, however deep or often. Whatever
 * else YAML has is refused in one line with its position. For one file and one thread.
 */
final class YamlReader {

  /** Far more than any setting needs. */
  static final int MAX_DEPTH = 16;

  private final String name;
  private final List<YamlEntry> entries = new ArrayList<>();
  private final Map<String, ConfigOrigin> seen = new HashMap<>();
  private final Deque<Section> open = new ArrayDeque<>();
  private boolean documentSeen;

  /** A section being read and its key whose value comes next. */
  private static final class Section {
    final String prefix;
    @Nullable String key;
    ConfigOrigin.@Nullable InFile keyOrigin;

    Section(String prefix) {
      this.prefix = prefix;
    }
  }

  /**
   * @param name the file, for messages
   */
  YamlReader(String name) {
    this.name = name;
  }

  List<YamlEntry> read(String text) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(name)
            .setCodePointLimit(ConfigFile.MAX_BYTE_SIZE)
            .setUseMarks(true)
            .build();
    try {
      Parser parser = new ParserImpl(settings, new StreamReader(settings, text));
      while (parser.hasNext()) {
        take(parser.next());
      }
    } catch (ReaderException e) {
      // The position counts code points.
      int index =
          text.offsetByCodePoints(
              0, Math.min(e.getPosition(), text.codePointCount(0, text.length())));
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s:%s: the character U+%04X is not allowed in YAML; remove it"
              .formatted(name, ConfigFile.position(text, index), e.getCodePoint()),
          e);
    } catch (MarkedYamlEngineException e) {
      throw malformed(e);
    } catch (YamlEngineException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%s: this is no YAML that can be read: %s"
              .formatted(name, ShownText.of(String.valueOf(e.getMessage()))),
          e);
    }
    return entries;
  }

  private ConfigurationException malformed(MarkedYamlEngineException e) {
    Optional<Mark> mark = e.getProblemMark().or(e::getContextMark);
    String problem = String.valueOf(e.getProblem()).strip();
    String context = e.getContext() == null ? "" : e.getContext().strip() + ", ";
    boolean tab = problem.contains("\\t") || problem.contains("TAB");
    return refused(
        mark.map(this::origin).orElseGet(() -> new ConfigOrigin.InFile(name, 1, 1)),
        ShownText.of(context + problem)
            + (tab ? "; indent with blanks, not tabs" : "; correct the YAML here"));
  }

  private void take(Event event) {
    if (event instanceof DocumentStartEvent) {
      if (documentSeen) {
        throw refused(origin(event), "a second document starts here; a configuration is one");
      }
      documentSeen = true;
    } else if (event instanceof MappingEndEvent) {
      open.pop();
    } else if (event instanceof NodeEvent node) {
      takeNode(node);
    }
  }

  private void takeNode(NodeEvent node) {
    refuseWhatNoSettingNeeds(node);
    Section section = open.peek();
    if (section == null) {
      takeRoot(node);
    } else if (section.key == null) {
      takeKey(section, node);
    } else {
      takeValue(section, node);
    }
  }

  private void refuseWhatNoSettingNeeds(NodeEvent node) {
    if (node instanceof AliasEvent || node.getAnchor().isPresent()) {
      throw refused(origin(node), "anchors and aliases are not used here; write the value out");
    }
    Optional<String> tag =
        switch (node) {
          case ScalarEvent scalar -> scalar.getTag();
          case CollectionStartEvent collection -> collection.getTag();
          default -> Optional.empty();
        };
    if (tag.isPresent()) {
      throw refused(
          origin(node), "the tag " + ShownText.of(tag.get()) + " is not used here; remove it");
    }
    if (node instanceof SequenceStartEvent) {
      throw refused(origin(node), "a list stands here; every setting has one value");
    }
  }

  private void takeRoot(NodeEvent node) {
    if (node instanceof MappingStartEvent) {
      open.push(new Section(""));
    } else if (valueOf((ScalarEvent) node) != null) {
      throw refused(
          origin(node), "a configuration is sections and settings, such as 'model.pageSize: 16'");
    }
  }

  private void takeKey(Section section, NodeEvent node) {
    if (!(node instanceof ScalarEvent scalar)) {
      throw refused(origin(node), "a key is a name, not a section");
    }
    section.key = section.prefix + scalar.getValue();
    section.keyOrigin = origin(node);
  }

  private void takeValue(Section section, NodeEvent node) {
    String path = String.valueOf(section.key);
    ConfigOrigin.InFile at = origin(node);
    ConfigOrigin.InFile keyAt = section.keyOrigin == null ? at : section.keyOrigin;
    section.key = null;
    ConfigOrigin earlier = seen.putIfAbsent(path, keyAt);
    if (earlier != null) {
      throw refused(
          keyAt,
          "'%s' stands here again, first at %s; keep one".formatted(ShownText.of(path), earlier));
    }
    if (node instanceof ScalarEvent scalar) {
      String value = valueOf(scalar);
      entries.add(new YamlEntry(path, value, false, keyAt, value == null ? keyAt : at));
      return;
    }
    if (open.size() >= MAX_DEPTH) {
      throw refused(at, "sections are nested deeper than " + MAX_DEPTH + "; no setting is");
    }
    entries.add(new YamlEntry(path, null, true, keyAt, keyAt));
    open.push(new Section(path + "."));
  }

  /** {@return the text of a value, or null where there is none: {@code key:} or {@code key: ~}} */
  private static @Nullable String valueOf(ScalarEvent scalar) {
    String text = scalar.getValue();
    boolean none = text.isEmpty() || text.equals("~") || text.equals("null");
    return scalar.isPlain() && none ? null : text;
  }

  private ConfigOrigin.InFile origin(Event event) {
    return event
        .getStartMark()
        .map(this::origin)
        .orElseGet(() -> new ConfigOrigin.InFile(name, 1, 1));
  }

  private ConfigOrigin.InFile origin(Mark mark) {
    return new ConfigOrigin.InFile(name, mark.getLine() + 1, mark.getColumn() + 1);
  }

  private static ConfigurationException refused(ConfigOrigin at, String what) {
    return new ConfigurationException(ErrorCode.INVALID_CONFIG, at + ": " + what);
  }
}
