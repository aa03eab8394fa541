# Writes the text of headers into a C++ file: cmake -DROOT=csrc -DFILES="a.h b.h" -DOUT=file -P embed_headers.cmake
set(text "// Made by embed_headers.cmake.\n")
separate_arguments(FILES)
foreach(name ${FILES})
  file(READ ${ROOT}/${name} header)
  string(APPEND text "{\"${name}\", R\"~~~(${header})~~~\"},\n")
endforeach()
# Its time stays where nothing has changed.
file(WRITE ${OUT}.new "${text}")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
file(REMOVE ${OUT}.new)
