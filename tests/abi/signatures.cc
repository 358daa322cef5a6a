// SPDX-License-Identifier: GPL-2.0-only
// In C++: the headers declare each function as the table says, with C's
// linkage. Compiling it is the test.
#include "generated/onload_api.h"

// Other machines' <type_traits> is not installed.
template <typename A, typename B>
constexpr bool kSame = false;
template <typename A>
constexpr bool kSame<A, A> = true;

// The second line is an error if the header declares it with C++'s linkage.
#define LKOS_API_ROW(name, ret, types, ...)                           \
  static_assert(kSame<decltype(name), ret types>,                     \
                #name " must be declared as " #ret " " #name #types); \
  extern "C" ret name types;
#include "generated/api_table.inc"
