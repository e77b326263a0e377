/** The {@code zstd-memory} backend; only its provider is public. */
package org.example.zstdmemory;
