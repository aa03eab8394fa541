# Writes core/version.h (OUT), for FILES below ROOT.
separate_arguments(FILES)
set(sums "")
foreach(file ${FILES})
  file(SHA256 ${ROOT}/${file} sum)
  string(APPEND sums "${file} ${sum}\n")
endforeach()
string(SHA256 abi "${sums}")
string(SUBSTRING ${abi} 0 16 abi)
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[// Which Weft these headers belong to. WEFT_ABI changes with any of them.
#pragma once

#define WEFT_VERSION_TEXT "@VERSION@"
#define WEFT_ABI "@abi@"
]])
