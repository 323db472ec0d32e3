# SPDX-License-Identifier: Apache-2.0
#
# The C sources of tree-sitter and its grammars, from the lock file in third_party/. They come as
# npm packages, whose integrity hashes npm checks; none of their scripts is run, and they are
# compiled here. All builds of this tree share one copy, which is fetched anew when the lock file
# changes. UNTORN_GRAMMARS names a folder `node_modules` that is used as it is, without npm.
set(UNTORN_GRAMMARS "" CACHE PATH "A node_modules folder that holds the tree-sitter packages")

function(untorn_fetch_grammars result)
  if(UNTORN_GRAMMARS)
    set(${result} ${UNTORN_GRAMMARS} PARENT_SCOPE)
    return()
  endif()
  set(lock ${PROJECT_SOURCE_DIR}/third_party/package-lock.json)
  set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${lock})
  file(SHA256 ${lock} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  set(folder ${PROJECT_SOURCE_DIR}/build/third_party/${hash})
  if(NOT EXISTS ${folder}/complete)
    find_program(UNTORN_NPM npm)
    if(NOT UNTORN_NPM)
      message(FATAL_ERROR "npm is needed once, to fetch the tree-sitter grammars; "
        "`scripts/bootstrap demo` installs it, or set UNTORN_GRAMMARS")
    endif()
    message(NOTICE "-- fetching the tree-sitter grammars")
    file(COPY ${PROJECT_SOURCE_DIR}/third_party/package.json ${lock} DESTINATION ${folder})
    execute_process(COMMAND ${UNTORN_NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
      WORKING_DIRECTORY ${folder} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE reason)
    if(failed)
      message(FATAL_ERROR "npm could not fetch the tree-sitter grammars:\n${reason}")
    endif()
    file(TOUCH ${folder}/complete)
  endif()
  set(${result} ${folder}/node_modules PARENT_SCOPE)
endfunction()

# C code of others, whose warnings are not ours.
function(untorn_foreign_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;INCLUDES;PRIVATE_INCLUDES" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_STANDARD 11
    C_EXTENSIONS ON)
  target_compile_options(${name} PRIVATE -w)
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_include_directories(${name} SYSTEM PUBLIC ${ARG_INCLUDES})
  target_include_directories(${name} SYSTEM PRIVATE ${ARG_PRIVATE_INCLUDES})
  if(UNTORN_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${UNTORN_SANITIZE} -fno-omit-frame-pointer)
  endif()
endfunction()

untorn_fetch_grammars(grammars)
set(runtime ${grammars}/tree-sitter/vendor/tree-sitter/lib)
untorn_foreign_library(untorn_tree_sitter SOURCES ${runtime}/src/lib.c
  INCLUDES ${runtime}/include PRIVATE_INCLUDES ${runtime}/src)
set(python ${grammars}/tree-sitter-python/src)
untorn_foreign_library(untorn_grammar_python SOURCES ${python}/parser.c ${python}/scanner.c
  PRIVATE_INCLUDES ${python})
