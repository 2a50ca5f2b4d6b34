# Prints made-up articles, one JSON object a line, of about 2.9 KB each: `awk -v count=20000 -f items.awk`.
# The same number always gives the same item, on every machine and with every awk. With -v change=N the titles differ,
# for measuring how a few changed items travel. -v small=1 makes items of about 1.3 KB, -v first=N begins at number N.

# Park and Miller's generator; its products stay below 2^53, where awk's numbers are exact.
function random(limit) {
    seed = (seed * 16807) % 2147483647
    return seed % limit
}

function hex(digits,    text, i) {
    for (i = 0; i < digits; i++) text = text substr("0123456789abcdef", random(16) + 1, 1)
    return text
}

function words(how_many,    text, i) {
    text = word[random(word_count) + 1]
    for (i = 1; i < how_many; i++) text = text " " word[random(word_count) + 1]
    return text
}

function paragraphs(how_many,    text, i) {
    for (i = 0; i < how_many; i++)
        text = text "<p>" words(28) ". <a href=\\\"\\/x?a=" random(900) "&amp;b=2\\\">" words(2) "<\\/a><\\/p>"
    return text
}

function cover(    name) {
    name = words(1)
    return "{\"path\":\"\\/2026\\/03\\/" random(28) + 1 "\\/" name "_uid_" hex(13) ".jpg\",\"title\":\"" words(3) \
        "\",\"mime\":\"image\\/jpeg\",\"type\":\"image\",\"description\":\"" words(6) "\",\"tags\":[\"" words(1) \
        "\"],\"size\":" 20000 + random(400000) ",\"colors\":[\"#" hex(6) "\",\"#" hex(6) \
        "\"],\"width\":1920,\"height\":1280,\"_hash\":\"" hex(32) "\",\"_id\":\"" hex(24) "\"}"
}

function item(number,    id, title) {
    seed = number + 1
    random(1)
    id = sprintf("%012x", number) hex(12)
    title = words(4) (change ? " (" change ")" : "")
    return "{\"title\":\"" title "\",\"title_de\":\"Übersetzt: " words(4) "\",\"slug\":\"article-" number \
        "\",\"excerpt\":\"" words(14) "\",\"body\":\"" paragraphs(small ? 1 : 4) \
        "\",\"body_de\":\"" paragraphs(small ? 0 : 3) \
        "\",\"cover\":" cover() ",\"author\":{\"_model\":\"authors\",\"_id\":\"" hex(24) "\"},\"tags\":[\"" words(1) \
        "\",\"" words(1) "\"],\"rating\":" random(50) / 10 ",\"seo\":{\"title\":\"" words(5) "\",\"description\":\"" \
        words(12) "\",\"image\":null},\"blocks\":[],\"debugMode\":" (random(4) ? "false" : "true") \
        ",\"_internalNotes\":\"" words(9) "\",\"_state\":1,\"_modified\":" 1773400000 + random(900000) \
        ",\"_created\":1773392400,\"_cby\":\"" hex(24) "\",\"_id\":\"" id "\"}"
}

BEGIN {
    word_count = split("harbour lantern gauge copper märz weather bridge window letter island river stone quiet garden " \
        "ferry orchestra straße morning salt winter archive museum café market silver summit forest kitchen", word, " ")
    for (number = first + 0; number < first + count; number++) print item(number)
}
