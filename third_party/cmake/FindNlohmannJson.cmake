# nlohmann's JSON for Modern C++ (headers alone), staged as nlohmann_json: the one that CMake finds by itself, else the one in
# the Python package nlohmann_json of the interpreter that builds.
find_package(nlohmann_json 3.11 CONFIG QUIET)
if(nlohmann_json_FOUND)
  get_target_property(NLOHMANN_JSON_INCLUDE nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
else()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "
import importlib.metadata as m
files = m.distribution('nlohmann_json').files
print(next(f for f in files if f.match('nlohmann/json.hpp')).locate().resolve().parent.parent)"
    OUTPUT_VARIABLE NLOHMANN_JSON_INCLUDE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT NLOHMANN_JSON_INCLUDE)
  message(FATAL_ERROR "nlohmann's JSON was not found: pip install nlohmann_json==3.12.0, or install your system's "
                      "nlohmann-json development package")
endif()
message(STATUS "nlohmann json from ${NLOHMANN_JSON_INCLUDE}")
list(GET NLOHMANN_JSON_INCLUDE 0 include)
weft_stage(nlohmann_json ${include} nlohmann)
