package io.kvbm.core.pool;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Layouts of one shape and type, the blocks of each following those of the one before. */
final class JoinedLayout implements Layout {

  private final List<Layout> parts;
  private final int[] firstBlock;
  private final int[] firstStorage;
  private final LayoutConfig config;

  private JoinedLayout(List<Layout> parts) {
    this.parts = parts;
    this.firstBlock = new int[parts.size() + 1];
    this.firstStorage = new int[parts.size() + 1];
    for (int i = 0; i < parts.size(); i++) {
      firstBlock[i + 1] = Math.addExact(firstBlock[i], parts.get(i).config().numBlocks());
      firstStorage[i + 1] = firstStorage[i] + parts.get(i).storageCount();
    }
    this.config = parts.getFirst().config().toBuilder().numBlocks(firstBlock[parts.size()]).build();
  }

  static Layout of(Layout present, Layout more) {
    LayoutConfig one = present.config().toBuilder().numBlocks(1).alignment(1).build();
    LayoutConfig other = more.config().toBuilder().numBlocks(1).alignment(1).build();
    if (!one.equals(other) || !present.type().equals(more.type())) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "blocks of shape %s in a %s layout cannot join blocks of shape %s in a %s layout"
              .formatted(other, more.type(), one, present.type()));
    }
    StorageType held = present.storage(0).type();
    StorageType added = more.storage(0).type();
    if (!held.kind().equals(added.kind()) || held.isDevice() && held.id() != added.id()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "blocks in %s storage cannot join blocks in %s storage: one route moves a whole pool"
              .formatted(added, held));
    }
    List<Layout> parts = new ArrayList<>();
    if (present instanceof JoinedLayout joined) {
      parts.addAll(joined.parts);
    } else {
      parts.add(present);
    }
    parts.add(more);
    return new JoinedLayout(parts);
  }

  @Override
  public LayoutType type() {
    return parts.getFirst().type();
  }

  @Override
  public LayoutConfig config() {
    return config;
  }

  @Override
  public int storageCount() {
    return firstStorage[parts.size()];
  }

  @Override
  public Storage storage(int index) {
    int part = partOf(firstStorage, index);
    return parts.get(part).storage(index - firstStorage[part]);
  }

  @Override
  public int storageIndex(int block, int layer, int outer) {
    int part = partOfBlock(block);
    return firstStorage[part]
        + parts.get(part).storageIndex(block - firstBlock[part], layer, outer);
  }

  @Override
  public long offset(int block, int layer, int outer) {
    int part = partOfBlock(block);
    return parts.get(part).offset(block - firstBlock[part], layer, outer);
  }

  @Override
  public boolean isBlockContiguous() {
    return parts.getFirst().isBlockContiguous();
  }

  @Override
  public LayoutDescriptor descriptor() {
    throw new CallerException(
        ErrorCode.UNSUPPORTED,
        "%d layouts were joined at run time; describe each of them".formatted(parts.size()));
  }

  private int partOfBlock(int block) {
    if (block < 0 || block >= config.numBlocks()) {
      throw new CallerException(
          ErrorCode.INVALID_BLOCK_INDEX, "block %d of %d".formatted(block, config.numBlocks()));
    }
    return partOf(firstBlock, block);
  }

  private static int partOf(int[] firsts, int index) {
    int at = Arrays.binarySearch(firsts, index);
    return at >= 0 ? at : -at - 2;
  }
}
