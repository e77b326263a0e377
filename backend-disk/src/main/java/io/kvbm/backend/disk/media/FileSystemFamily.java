package io.kvbm.backend.disk.media;

/** Kinds of file systems, by what there is to say of them. */
public enum FileSystemFamily {
  /** ext2, ext3, ext4. */
  EXT,
  /** XFS. */
  XFS,
  /** Those that write what is overwritten to another place. */
  COPY_ON_WRITE,
  /** Those without a device. */
  MEMORY,
  /** One directory over others, as containers have. */
  LAYERED,
  /** Those on another machine, or lent by the host of this one. */
  NETWORK,
  /** Any other. */
  OTHER;

  /** {@return the family of a type in the mount table} */
  public static FileSystemFamily of(String type) {
    return switch (type) {
      case "ext2", "ext3", "ext4" -> EXT;
      case "xfs" -> XFS;
      case "btrfs", "zfs", "bcachefs" -> COPY_ON_WRITE;
      case "tmpfs", "ramfs", "devtmpfs", "rootfs" -> MEMORY;
      case "overlay", "aufs" -> LAYERED;
      case "nfs", "nfs4", "cifs", "smb3", "ceph", "lustre", "gpfs", "beegfs", "9p", "virtiofs" ->
          NETWORK;
      default -> OTHER;
    };
  }
}
