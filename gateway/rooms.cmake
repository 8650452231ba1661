# The rooms of the house. A room is a folder and a library. What it may include stands in its row of
# the table in gateway/CMakeLists.txt, and nothing else compiles: the compiler is given the
# folders of exactly those rooms, and a wall in front of each library of other people's that the
# row does not name. A room's folder private/ is on no other room's path.

set(ROOM_LIBRARIES libevent libevent_dns jansson uthash utlist openssl hiredis libwebsockets)
set(libevent_HEADERS event2/*.h) # but for dns.h, of another library
set(libevent_dns_HEADERS event2/dns.h)
set(jansson_HEADERS jansson.h)
set(uthash_HEADERS uthash.h)
set(utlist_HEADERS utlist.h)
set(openssl_HEADERS openssl/*.h)
set(hiredis_HEADERS hiredis/*.h)
set(libwebsockets_HEADERS libwebsockets.h)
set(libevent_FOLDERS ${libevent_core_INCLUDE_DIRS})
set(libevent_dns_FOLDERS ${libevent_extra_INCLUDE_DIRS})
set(jansson_FOLDERS ${jansson_INCLUDE_DIRS})
set(uthash_FOLDERS ${UTHASH_INCLUDE_DIR})
set(utlist_FOLDERS ${UTHASH_INCLUDE_DIR})
set(openssl_FOLDERS ${openssl_INCLUDE_DIRS})
set(hiredis_FOLDERS ${hiredis_INCLUDE_DIRS})
set(libwebsockets_FOLDERS ${libwebsockets_INCLUDE_DIRS})
set(libevent_LINKED ${libevent_core_LINK_LIBRARIES})
set(libevent_dns_LINKED ${libevent_extra_LINK_LIBRARIES})
set(jansson_LINKED ${jansson_LINK_LIBRARIES})
set(openssl_LINKED ${openssl_LINK_LIBRARIES})
set(hiredis_LINKED ${hiredis_ssl_LINK_LIBRARIES} ${hiredis_LINK_LIBRARIES}
    ${openssl_LINK_LIBRARIES})
set(libwebsockets_LINKED ${libwebsockets_LINK_LIBRARIES} ${openssl_LINK_LIBRARIES} ZLIB::ZLIB)

# A wall: a folder with a library's headers in it that do not compile. System headers are found
# without a folder being named, so that leaving the folder out would not do.
set(walls ${CMAKE_BINARY_DIR}/walls)
foreach(library ${ROOM_LIBRARIES})
    set(headers "")
    foreach(folder ${${library}_FOLDERS} /usr/include)
        foreach(pattern ${${library}_HEADERS})
            file(GLOB found RELATIVE ${folder} ${folder}/${pattern})
            list(APPEND headers ${found})
        endforeach()
    endforeach()
    list(APPEND headers ${${library}_HEADERS})
    list(FILTER headers EXCLUDE REGEX "[*]")
    list(REMOVE_DUPLICATES headers)
    foreach(header ${headers})
        file(CONFIGURE OUTPUT ${walls}/${library}/${header}
            CONTENT "#error \"${library} is not for this room: see the table in gateway/CMakeLists.txt\"\n")
    endforeach()
endforeach()

function(room_target path ret_target)
    string(REPLACE / _ target room_${path})
    set(${ret_target} ${target} PARENT_SCOPE)
endfunction()

# room_opens(TARGET USES ROOM... THIRD LIBRARY...): the target may include these, and is linked
# with them.
function(room_opens target)
    cmake_parse_arguments(PARSE_ARGV 1 room "" "" "USES;THIRD")
    foreach(library ${ROOM_LIBRARIES})
        if(library IN_LIST room_THIRD)
            target_include_directories(${target} SYSTEM PRIVATE ${${library}_FOLDERS})
            target_link_libraries(${target} PRIVATE ${${library}_LINKED})
        else()
            target_include_directories(${target} PRIVATE ${walls}/${library})
        endif()
    endforeach()
    foreach(path ${room_USES})
        room_target(${path} used)
        if(NOT TARGET ${used})
            message(FATAL_ERROR "${target} uses ${path}, which does not stand above it")
        endif()
        target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/gateway/${path})
        target_link_libraries(${target} PRIVATE ${used})
    endforeach()
endfunction()

# room(PATH USES ROOM... THIRD LIBRARY...)
function(room path)
    room_target(${path} target)
    file(GLOB sources CONFIGURE_DEPENDS ${path}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PRIVATE ${path} ${path}/private)
    room_opens(${target} ${ARGN})
endfunction()

# rooms(NAME PATH...): some rooms and what they are linked with, for tests: these look inside,
# and may include what the rooms may.
function(rooms name)
    add_library(${name} INTERFACE)
    foreach(path ${ARGN})
        room_target(${path} target)
        target_link_libraries(${name} INTERFACE ${target})
        target_include_directories(${name} INTERFACE ${path} ${path}/private)
    endforeach()
    target_include_directories(${name} SYSTEM INTERFACE ${UTHASH_INCLUDE_DIR})
    target_link_libraries(${name} INTERFACE ${jansson_LINKED})
endfunction()
