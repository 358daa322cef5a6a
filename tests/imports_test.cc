// SPDX-License-Identifier: GPL-2.0-only
// What an object imports: by tables as the linker makes them, and by this
// program's own.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

extern "C" {
#include "src/translate/imports.h"
}

namespace lkos {
namespace {

// An object with one symbol of that name, and a relocation of it.
class Object {
 public:
  explicit Object(const std::string& name, unsigned section = SHN_UNDEF,
                  unsigned symbol = 1)
      : names_(std::string(1, '\0') + name) {
    symbols_[1].st_name = 1;
    symbols_[1].st_shndx = static_cast<ElfW(Section)>(section);
    const bool wide = sizeof(relocations_[0].r_info) == 8;
    relocations_[1].r_info = static_cast<decltype(relocations_[1].r_info)>(
        static_cast<uint64_t>(symbol) << (wide ? 32 : 8) | 7);
  }

  enum Table { kCalls, kAddends, kNone };

  // None of its tables begins before this address.
  uintptr_t Lowest() const {
    return std::min(reinterpret_cast<uintptr_t>(this),
                    reinterpret_cast<uintptr_t>(names_.data()));
  }

  bool Imports(Table table, uintptr_t base = 0) const {
    std::vector<ElfW(Dyn)> dynamic;
    const auto add = [&](long tag, uintptr_t value) {
      ElfW(Dyn) entry = {};
      entry.d_tag = static_cast<decltype(entry.d_tag)>(tag);
      entry.d_un.d_ptr = value;
      dynamic.push_back(entry);
    };
    const auto at = [&](const void* address) {
      return reinterpret_cast<uintptr_t>(address) - base;
    };
    add(DT_SYMTAB, at(symbols_));
    add(DT_STRTAB, at(names_.data()));
    if (table == kCalls) {
      add(DT_JMPREL, at(relocations_));
      add(DT_PLTRELSZ, sizeof(relocations_));
      add(DT_PLTREL, DT_RELA);
    } else if (table == kAddends) {
      add(DT_RELASZ, sizeof(relocations_));
      add(DT_RELA, at(relocations_));
    }
    add(DT_NULL, 0);
    return lkos_imports_onload(dynamic.data(), base);
  }

 private:
  const std::string names_;
  ElfW(Sym) symbols_[2] = {};
  ElfW(Rela) relocations_[2] = {};  // the first is of no symbol
};

TEST(Imports, FunctionsOfOnload) {
  for (const char* const name :
       {"onload_is_present", "onload_zc_recv", "oo_raw_send"}) {
    EXPECT_TRUE(Object(name).Imports(Object::kCalls)) << name;
    EXPECT_TRUE(Object(name).Imports(Object::kAddends)) << name;
    EXPECT_FALSE(Object(name).Imports(Object::kNone)) << name;
  }
}

TEST(Imports, NoOthers) {
  for (const char* const name :
       {"recv", "my_onload_is_present", "onloader", "oops", ""}) {
    EXPECT_FALSE(Object(name).Imports(Object::kCalls)) << name;
    EXPECT_FALSE(Object(name).Imports(Object::kAddends)) << name;
  }
}

TEST(Imports, NothingThatItDefines) {
  EXPECT_FALSE(Object("onload_is_present", 12).Imports(Object::kCalls));
}

TEST(Imports, NothingThatNoRelocationRefersTo) {
  EXPECT_FALSE(
      Object("onload_is_present", SHN_UNDEF, 0).Imports(Object::kCalls));
}

// As the loaders of other C libraries leave it.
TEST(Imports, ByAddressesOfTheFile) {
  const auto object = std::make_unique<Object>("onload_is_present");
  EXPECT_TRUE(object->Imports(Object::kCalls, object->Lowest()));
}

TEST(Imports, NothingWithoutADynamicSection) {
  EXPECT_FALSE(lkos_imports_onload(nullptr, 0));
}

}  // namespace
}  // namespace lkos
