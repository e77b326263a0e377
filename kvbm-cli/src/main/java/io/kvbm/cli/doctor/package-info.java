/** {@code kvbm doctor}: what this machine and a directory offer, and what to do about the rest. */
@NullMarked
package io.kvbm.cli.doctor;

import org.jspecify.annotations.NullMarked;
