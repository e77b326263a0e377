package io.kvbm.bench.report;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON document in memory: as much as is needed to look into what a tool prints. */
public final class JsonTree {

  private final Object value;

  private JsonTree(Object value) {
    this.value = value;
  }

  /**
   * Reads a document.
   *
   * @param factory parses
   * @param text the document
   * @return its root
   * @throws IOException if it is no JSON
   */
  public static JsonTree read(JsonFactory factory, String text) throws IOException {
    try (JsonParser parser = factory.createParser(text)) {
      parser.nextToken();
      return new JsonTree(value(parser));
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      Map<String, Object> fields = new HashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        fields.put(name, value(parser));
      }
      return fields;
    }
    if (parser.currentToken() == JsonToken.START_ARRAY) {
      List<Object> elements = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        elements.add(value(parser));
      }
      return elements;
    }
    return parser.currentToken().isNumeric() ? (Object) parser.getDoubleValue() : parser.getText();
  }

  /**
   * {@return a field of an object}
   *
   * @param field its name
   * @throws IOException if there is none of that name
   */
  public JsonTree get(String field) throws IOException {
    if (value instanceof Map<?, ?> fields) {
      @Nullable Object found = fields.get(field);
      if (found != null) {
        return new JsonTree(found);
      }
    }
    throw new IOException("there is no field " + field);
  }

  /**
   * {@return an element of an array}
   *
   * @param index from 0
   * @throws IOException if there is none
   */
  public JsonTree at(int index) throws IOException {
    if (value instanceof List<?> elements && index < elements.size()) {
      return new JsonTree(elements.get(index));
    }
    throw new IOException("there is no element " + index);
  }

  /**
   * {@return a field that is a number}
   *
   * @param field its name
   * @throws IOException if there is none, or it is no number
   */
  public double number(String field) throws IOException {
    if (get(field).value instanceof Double number) {
      return number;
    }
    throw new IOException("field " + field + " is no number");
  }
}
