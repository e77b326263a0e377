@NullMarked
package io.kvbm.cli.doctor;

import org.jspecify.annotations.NullMarked;
