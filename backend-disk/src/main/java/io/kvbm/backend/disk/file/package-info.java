/** What the operating system offers for files and how it says no. Not exported. */
@NullMarked
package io.kvbm.backend.disk.file;

import org.jspecify.annotations.NullMarked;
