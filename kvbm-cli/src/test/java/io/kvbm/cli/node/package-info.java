@NullMarked
package io.kvbm.cli.node;

import org.jspecify.annotations.NullMarked;
