#ifndef TIDELOCK_CCURL_SHIM_H
#define TIDELOCK_CCURL_SHIM_H

/* Names the system's libcurl and wraps its variadic functions, which Swift cannot call: one wrapper per argument type
 * that libcurl reads from the argument list. The wrappers add nothing else. Only CurlHTTP imports this module.
 *
 * Ownership: libcurl copies strings. Pointers, lists and callbacks are kept as they are, so what they name must live
 * until the handle is cleaned up. Every wrapper can fail and returns libcurl's own code. */
#include <curl/curl.h>

/* 7.88.1 is what the behaviour relied upon here was checked against (name look-ups that can be abandoned, callbacks
 * before each request, error texts). */
#if LIBCURL_VERSION_NUM < 0x075801
#error "libcurl 7.88.1 or later is needed"
#endif

/* MARK: Options of one transfer */

static inline CURLcode ccurl_easy_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return curl_easy_setopt(handle, option, value);
}

/* For the body (CURLOPT_WRITEFUNCTION) and for header lines (CURLOPT_HEADERFUNCTION). */
static inline CURLcode ccurl_easy_set_write_callback(CURL *handle, CURLoption option, curl_write_callback value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode ccurl_easy_set_read_callback(CURL *handle, curl_read_callback value) {
  return curl_easy_setopt(handle, CURLOPT_READFUNCTION, value);
}

static inline CURLcode ccurl_easy_set_seek_callback(CURL *handle, curl_seek_callback value) {
  return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode ccurl_easy_set_progress_callback(CURL *handle, curl_xferinfo_callback value) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode ccurl_easy_set_socket_callback(CURL *handle, curl_opensocket_callback value) {
  return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode ccurl_easy_set_prerequest_callback(CURL *handle, curl_prereq_callback value) {
  return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}

/* MARK: Facts about one transfer */

static inline CURLcode ccurl_easy_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode ccurl_easy_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}

/* The string belongs to the handle and is valid until its next transfer or clean-up; it may be NULL. */
static inline CURLcode ccurl_easy_get_string(CURL *handle, CURLINFO info, const char **value) {
  return curl_easy_getinfo(handle, info, value);
}

/* The lists belong to the handle and are valid until its next transfer or clean-up. */
static inline CURLcode ccurl_easy_get_certificates(CURL *handle, struct curl_certinfo **value) {
  return curl_easy_getinfo(handle, CURLINFO_CERTINFO, value);
}

/* MARK: Options of the set of transfers */

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

#endif
