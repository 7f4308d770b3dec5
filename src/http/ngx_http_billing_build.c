/*
 * The nginx that loaded this module, and the one that it was built for.  What
 * nginx compares by itself, a version and a list of options, says nothing of a
 * field that a distribution's patch puts into a structure: then this module
 * would read and write beside what it means.  So two things are looked at
 * before anything else of the module is used:
 *
 * - the layout: tables of the running nginx hold the places of fields in its
 *   structures, as its own compiler saw them; each must be where ours saw it;
 * - the build id of the program, a digest that its linker made: is it one of
 *   those that this module was built for (tools/build-id)?
 */

#include "ngx_http_billing_conf.h"

#include <elf.h>
#include <link.h>

#define NGX_HTTP_BILLING_BUILD_MAX  64          /* bytes; SHA-1 has 20 */

/* A word of ngx_http_billing_builds that is no build id. */
#define NGX_HTTP_BILLING_BUILD_WORD  "layout"


/* Made by config: the default if it is not exact, then build ids. */

extern const char    ngx_http_billing_builds[];


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  offset;
} ngx_http_billing_place_t;


static ngx_int_t ngx_http_billing_build_place(ngx_conf_t *cf,
    ngx_http_billing_place_t *place, ngx_uint_t found);
static ngx_uint_t ngx_http_billing_build_header(ngx_str_t *name);
static ngx_uint_t ngx_http_billing_build_variable(ngx_conf_t *cf,
    ngx_str_t *name);
static ngx_uint_t ngx_http_billing_build_command(ngx_str_t *name);
static void ngx_http_billing_build_id(u_char *hex);
static int ngx_http_billing_build_program(struct dl_phdr_info *info,
    size_t size, void *data);
static ngx_uint_t ngx_http_billing_build_note(const ElfW(Nhdr) *note,
    u_char *hex);


/* In no table; each structure begins with something that has no name. */
#define NGX_HTTP_BILLING_UNPLACED  0


/* From the first to the last of each structure, as far as names reach. */

static ngx_http_billing_place_t  ngx_http_billing_headers[] = {
    { ngx_string("Host"), offsetof(ngx_http_headers_in_t, host) },
    { ngx_string("Connection"), offsetof(ngx_http_headers_in_t, connection) },
    { ngx_string("User-Agent"), offsetof(ngx_http_headers_in_t, user_agent) },
    { ngx_string("Referer"), offsetof(ngx_http_headers_in_t, referer) },
    { ngx_string("Content-Length"),
      offsetof(ngx_http_headers_in_t, content_length) },
    { ngx_string("Content-Type"),
      offsetof(ngx_http_headers_in_t, content_type) },
    { ngx_string("Expect"), offsetof(ngx_http_headers_in_t, expect) },
    { ngx_string("Authorization"),
      offsetof(ngx_http_headers_in_t, authorization) },
    { ngx_string("Keep-Alive"), offsetof(ngx_http_headers_in_t, keep_alive) },
    { ngx_null_string, 0 }
};

static ngx_http_billing_place_t  ngx_http_billing_request[] = {
    { ngx_string("http_host"), offsetof(ngx_http_request_t, headers_in.host) },
    { ngx_string("http_user_agent"),
      offsetof(ngx_http_request_t, headers_in.user_agent) },
    { ngx_string("sent_http_cache_control"),
      offsetof(ngx_http_request_t, headers_out.cache_control) },
    { ngx_string("sent_http_link"),
      offsetof(ngx_http_request_t, headers_out.link) },
    { ngx_string("uri"), offsetof(ngx_http_request_t, uri) },
    { ngx_string("args"), offsetof(ngx_http_request_t, args) },
    { ngx_string("request_uri"), offsetof(ngx_http_request_t, unparsed_uri) },
    { ngx_null_string, 0 }
};

static ngx_http_billing_place_t  ngx_http_billing_location[] = {
    { ngx_string("client_max_body_size"),
      offsetof(ngx_http_core_loc_conf_t, client_max_body_size) },
    { ngx_string("client_body_timeout"),
      offsetof(ngx_http_core_loc_conf_t, client_body_timeout) },
    { ngx_string("lingering_close"),
      offsetof(ngx_http_core_loc_conf_t, lingering_close) },
    { ngx_string("log_not_found"),
      offsetof(ngx_http_core_loc_conf_t, log_not_found) },
    { ngx_string("types_hash_bucket_size"),
      offsetof(ngx_http_core_loc_conf_t, types_hash_bucket_size) },
    { ngx_null_string, 0 }
};


/* NGX_ERROR, said why: nothing of this nginx may be touched. */

ngx_int_t
ngx_http_billing_build_layout(ngx_conf_t *cf)
{
    ngx_http_billing_place_t  *place;

    for (place = ngx_http_billing_headers; place->name.len; place++) {
        if (ngx_http_billing_build_place(cf, place,
                ngx_http_billing_build_header(&place->name)) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (place = ngx_http_billing_request; place->name.len; place++) {
        if (ngx_http_billing_build_place(cf, place,
                ngx_http_billing_build_variable(cf, &place->name)) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (place = ngx_http_billing_location; place->name.len; place++) {
        if (ngx_http_billing_build_place(cf, place,
                ngx_http_billing_build_command(&place->name)) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* What "billing_nginx_build" asks for (P65). */

ngx_int_t
ngx_http_billing_build_check(ngx_conf_t *cf, ngx_uint_t wanted)
{
    u_char       hex[2 * NGX_HTTP_BILLING_BUILD_MAX + 1];
    const char  *ids;

    ngx_http_billing_build_id(hex);

    ids = ngx_strstr(ngx_http_billing_builds, NGX_HTTP_BILLING_BUILD_WORD);
    ids = ids ? ids + sizeof(NGX_HTTP_BILLING_BUILD_WORD) - 1
              : ngx_http_billing_builds;

    if (wanted == NGX_CONF_UNSET_UINT) {
        wanted = (ids == ngx_http_billing_builds && ids[0] != '\0')
                 ? NGX_HTTP_BILLING_BUILD_EXACT
                 : NGX_HTTP_BILLING_BUILD_LAYOUT;
    }

    if (hex[0] != '\0' && ngx_strstr(ids, hex) != NULL) {
        return NGX_OK;
    }

    if (wanted == NGX_HTTP_BILLING_BUILD_EXACT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "ngx_http_billing_module was not built for this "
                           "nginx (build \"%s\", not one of \"%s\"): build it "
                           "again, or say \"billing_nginx_build layout\"",
                           hex, ids);
        return NGX_ERROR;
    }

    if (ids[0] != '\0') {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "ngx_http_billing_module was built for another "
                           "nginx (this is build \"%s\", not one of \"%s\"), "
                           "but the structures look the same", hex, ids);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_billing_build_place(ngx_conf_t *cf, ngx_http_billing_place_t *place,
    ngx_uint_t found)
{
    if (found == place->offset) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "ngx_http_billing_module does not fit this nginx, whose "
                       "structures are others (\"%V\" is at %ui, not at %ui): "
                       "build it again for this one",
                       &place->name, found, place->offset);

    return NGX_ERROR;
}


static ngx_uint_t
ngx_http_billing_build_header(ngx_str_t *name)
{
    ngx_http_header_t  *header;

    for (header = ngx_http_headers_in; header->name.len; header++) {
        if (header->name.len == name->len
            && ngx_strncmp(header->name.data, name->data, name->len) == 0)
        {
            return header->offset;
        }
    }

    return NGX_HTTP_BILLING_UNPLACED;
}


/* nginx's own variables are added before those of any module. */

static ngx_uint_t
ngx_http_billing_build_variable(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                  i;
    ngx_hash_key_t             *key;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    key = cmcf->variables_keys->keys.elts;

    for (i = 0; i < cmcf->variables_keys->keys.nelts; i++) {
        if (key[i].key.len == name->len
            && ngx_strncmp(key[i].key.data, name->data, name->len) == 0)
        {
            v = key[i].value;
            return v->data;
        }
    }

    return NGX_HTTP_BILLING_UNPLACED;
}


static ngx_uint_t
ngx_http_billing_build_command(ngx_str_t *name)
{
    ngx_command_t  *command;

    for (command = ngx_http_core_module.commands; command->name.len;
         command++)
    {
        if (command->name.len == name->len
            && ngx_strncmp(command->name.data, name->data, name->len) == 0)
        {
            return command->offset;
        }
    }

    return NGX_HTTP_BILLING_UNPLACED;
}


/* Of the running program; "" if its linker gave it none. */

static void
ngx_http_billing_build_id(u_char *hex)
{
    hex[0] = '\0';

    (void) dl_iterate_phdr(ngx_http_billing_build_program, hex);
}


/* Called with the program first; anything but zero ends the round. */

static int
ngx_http_billing_build_program(struct dl_phdr_info *info, size_t size,
    void *data)
{
    u_char            *hex = data;
    size_t             i, filled;
    const u_char      *p, *last;
    const ElfW(Nhdr)  *note;

    (void) size;

    for (i = 0; i < info->dlpi_phnum; i++) {

        if (info->dlpi_phdr[i].p_type != PT_NOTE) {
            continue;
        }

        p = (const u_char *) info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        last = p + info->dlpi_phdr[i].p_memsz;

        while ((size_t) (last - p) > sizeof(ElfW(Nhdr))) {
            note = (const ElfW(Nhdr) *) p;

            filled = sizeof(ElfW(Nhdr)) + ngx_align(note->n_namesz, 4)
                     + ngx_align(note->n_descsz, 4);

            if (filled > (size_t) (last - p)
                || ngx_http_billing_build_note(note, hex))
            {
                break;
            }

            p += filled;
        }
    }

    return 1;
}


static ngx_uint_t
ngx_http_billing_build_note(const ElfW(Nhdr) *note, u_char *hex)
{
    const u_char  *name = (const u_char *) (note + 1);

    if (note->n_type != NT_GNU_BUILD_ID
        || note->n_namesz != sizeof(ELF_NOTE_GNU)
        || ngx_memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0
        || note->n_descsz > NGX_HTTP_BILLING_BUILD_MAX)
    {
        return 0;
    }

    *ngx_hex_dump(hex, (u_char *) name + sizeof(ELF_NOTE_GNU), note->n_descsz)
        = '\0';

    return 1;
}
