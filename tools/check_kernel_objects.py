"""Look for weak symbols in object files: `check_kernel_objects.py NM OBJECT...`.

Of a function that several object files define weakly (an inline function, a template) the linker keeps one copy. Were
it the copy compiled for AVX-512, the library would crash on machines that lack it.
"""

import subprocess
import sys


def weak_symbols(nm, path):
    output = subprocess.run([nm, "-C", path], check=True, capture_output=True, text=True).stdout
    for line in output.splitlines():
        address, _, rest = line.partition(" ")
        kind, _, name = rest.partition(" ")
        # DW.ref.* is data that points at the exception handler of the C++ library: the same for all levels.
        if address and kind in "WVu" and not name.startswith("DW.ref."):
            yield name


def main():
    nm, *objects = sys.argv[1:]
    found = [(path, name) for path in objects for name in weak_symbols(nm, path)]
    for path, name in found:
        print(f"{path}: weak symbol {name}")
    if found or not objects:
        sys.exit(f"{len(found)} weak symbols in {len(objects)} objects: make these functions WEFT_INLINE or static")


if __name__ == "__main__":
    main()
