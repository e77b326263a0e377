/** The {@code s3} backend: objects in a bucket of an S3-compatible service. */
@NullMarked
package io.kvbm.backend.remote.s3;

import org.jspecify.annotations.NullMarked;
