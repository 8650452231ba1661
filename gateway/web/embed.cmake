# Writes the page's files into a C header, as they are and compressed by gzip. All but
# index.html are served under a path with VERSION in it, a digest of them all, which takes the
# place of @VERSION@ in index.html.
set(work ${OUT}.d)
file(MAKE_DIRECTORY ${work})

set(digests "")
foreach(asset ${ASSETS})
    file(SHA256 ${asset} digest)
    string(APPEND digests ${digest})
endforeach()
string(SHA256 version "${digests}")
string(SUBSTRING ${version} 0 16 version)

# bytes_of(VARIABLE FILE): as the inside of an initialiser, 20 a line
function(bytes_of variable file)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(....................................................................................................)" "\\1\n    " bytes "${bytes}")
    set(${variable} "${bytes}" PARENT_SCOPE)
endfunction()

set(types_html "text/html; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_svg "image/svg+xml")

file(WRITE ${OUT} "/* made from web/ by embed.cmake */\n#define WEB_VERSION \"${version}\"\n\n")
set(rows "")
foreach(asset ${ASSETS})
    get_filename_component(name ${asset} NAME)
    get_filename_component(kind ${asset} LAST_EXT)
    string(SUBSTRING ${kind} 1 -1 kind)
    string(MAKE_C_IDENTIFIER ${name} id)
    set(copy ${work}/${name})
    set(VERSION ${version})
    if(name STREQUAL "index.html")
        configure_file(${asset} ${copy} @ONLY)
    else()
        configure_file(${asset} ${copy} COPYONLY)
    endif()
    file(ARCHIVE_CREATE OUTPUT ${copy}.gz PATHS ${copy} FORMAT raw COMPRESSION GZip)
    file(SHA256 ${copy} digest)
    string(SUBSTRING ${digest} 0 16 digest)
    bytes_of(plain ${copy})
    bytes_of(packed ${copy}.gz)
    file(APPEND ${OUT} "static const unsigned char web_${id}[] = {\n    ${plain}\n};\n"
        "static const unsigned char web_${id}_gz[] = {\n    ${packed}\n};\n\n")
    string(APPEND rows "    {\"${name}\", \"${types_${kind}}\", \"${digest}\", web_${id}, "
        "sizeof(web_${id}), web_${id}_gz, sizeof(web_${id}_gz)},\n")
endforeach()
file(APPEND ${OUT} "static const struct web_asset web_assets[] = {\n${rows}};\n")
