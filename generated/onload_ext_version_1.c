/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* generated from spec/onload_api.yaml by codegen (bazel run //codegen:update); do not edit */

/* For libonload_ext.so.1 */

extern __attribute__((visibility("default"))) unsigned int onload_ext_version[3];

/* Version of the extensions API that the application was linked for: major, minor, micro.
 * A libonload refuses to start over one with another major or a newer minor. The stub
 * does not export it: it belongs to the link library. */
unsigned int onload_ext_version[3] = {1, 2, 0};
