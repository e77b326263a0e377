/** Tests that keep the documents true: their code examples run, and what they name exists. */
@NullMarked
package io.kvbm.cli.docs;

import org.jspecify.annotations.NullMarked;
