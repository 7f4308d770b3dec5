/*
 * Requests that wait.  What answers them holds a number, never a pointer: the
 * low half names a place, the high half the place's generation, so an answer
 * that comes after its request has gone finds nobody.
 */

#include "ngx_http_billing.h"

#define NGX_HTTP_BILLING_PARK_CHUNK   256
#define NGX_HTTP_BILLING_PARK_CHUNKS  64        /* 16384 requests a worker */


typedef struct ngx_http_billing_place_s  ngx_http_billing_place_t;

struct ngx_http_billing_place_s {
    ngx_event_t                event;       /* the deadline, or posted */
    ngx_http_request_t        *request;     /* NULL = free */
    ngx_http_billing_wake_pt   wake;
    void                      *data;
    ngx_http_billing_place_t  *next;        /* in the list of free places */
    uint32_t                   generation;
    uint32_t                   number;      /* from 1 */
};


static ngx_http_billing_place_t *ngx_http_billing_park_take(void);
static ngx_int_t ngx_http_billing_park_grow(void);
static ngx_http_billing_place_t *ngx_http_billing_park_find(
    ngx_http_billing_handle_t handle);
static void ngx_http_billing_park_free(ngx_http_billing_place_t *place);
static void ngx_http_billing_park_wake(ngx_event_t *ev);
static void ngx_http_billing_park_forget(void *data);


static ngx_http_billing_place_t
    *ngx_http_billing_places[NGX_HTTP_BILLING_PARK_CHUNKS];
static ngx_http_billing_place_t  *ngx_http_billing_free_places;
static ngx_uint_t                 ngx_http_billing_nchunks;


ngx_http_billing_handle_t
ngx_http_billing_park(ngx_http_request_t *r, ngx_msec_t deadline,
    ngx_http_billing_wake_pt wake, void *data)
{
    ngx_http_cleanup_t         *cln;
    ngx_http_billing_place_t   *place;
    ngx_http_billing_handle_t  *handle;

    handle = ngx_palloc(r->pool, sizeof(ngx_http_billing_handle_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (handle == NULL || cln == NULL
        || ngx_handle_read_event(r->connection->read, 0) != NGX_OK)
    {
        return 0;
    }

    place = ngx_http_billing_park_take();
    if (place == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "billing: too many requests wait");
        return 0;
    }

    place->request = r;
    place->wake = wake;
    place->data = data;

    *handle = ((ngx_http_billing_handle_t) place->generation << 32)
              | place->number;

    cln->handler = ngx_http_billing_park_forget;
    cln->data = handle;

    place->event.handler = ngx_http_billing_park_wake;
    place->event.data = r->connection;
    place->event.log = r->connection->log;
    place->event.timedout = 0;

    /* Not cancelable: a leaving worker first answers who waits. */

    ngx_add_timer(&place->event, deadline);

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return *handle;
}


void *
ngx_http_billing_parked(ngx_http_billing_handle_t handle)
{
    ngx_http_billing_place_t  *place;

    place = ngx_http_billing_park_find(handle);

    return (place && !place->event.posted) ? place->data : NULL;
}


void
ngx_http_billing_unpark(ngx_http_billing_handle_t handle)
{
    ngx_http_billing_place_t  *place;

    place = ngx_http_billing_park_find(handle);

    if (place == NULL || place->event.posted) {
        return;
    }

    if (place->event.timer_set) {
        ngx_del_timer(&place->event);
    }

    ngx_post_event(&place->event, &ngx_posted_events);
}


static ngx_http_billing_place_t *
ngx_http_billing_park_take(void)
{
    ngx_http_billing_place_t  *place;

    if (ngx_http_billing_free_places == NULL
        && ngx_http_billing_park_grow() != NGX_OK)
    {
        return NULL;
    }

    place = ngx_http_billing_free_places;
    ngx_http_billing_free_places = place->next;

    return place;
}


static ngx_int_t
ngx_http_billing_park_grow(void)
{
    ngx_uint_t                 i, n;
    ngx_http_billing_place_t  *chunk;

    n = ngx_http_billing_nchunks;

    if (n == NGX_HTTP_BILLING_PARK_CHUNKS) {
        return NGX_ERROR;
    }

    chunk = ngx_calloc(NGX_HTTP_BILLING_PARK_CHUNK
                       * sizeof(ngx_http_billing_place_t), ngx_cycle->log);
    if (chunk == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_HTTP_BILLING_PARK_CHUNK; i++) {
        chunk[i].number = n * NGX_HTTP_BILLING_PARK_CHUNK + i + 1;
        chunk[i].next = ngx_http_billing_free_places;
        ngx_http_billing_free_places = &chunk[i];
    }

    ngx_http_billing_places[n] = chunk;
    ngx_http_billing_nchunks++;

    return NGX_OK;
}


static ngx_http_billing_place_t *
ngx_http_billing_park_find(ngx_http_billing_handle_t handle)
{
    uint32_t                   n;
    ngx_http_billing_place_t  *place;

    n = (uint32_t) handle;

    if (n == 0
        || n > ngx_http_billing_nchunks * NGX_HTTP_BILLING_PARK_CHUNK)
    {
        return NULL;
    }

    n--;
    place = &ngx_http_billing_places[n / NGX_HTTP_BILLING_PARK_CHUNK]
                                    [n % NGX_HTTP_BILLING_PARK_CHUNK];

    if (place->request == NULL
        || place->generation != (uint32_t) (handle >> 32))
    {
        return NULL;
    }

    return place;
}


static void
ngx_http_billing_park_free(ngx_http_billing_place_t *place)
{
    if (place->event.timer_set) {
        ngx_del_timer(&place->event);
    }

    if (place->event.posted) {
        ngx_delete_posted_event(&place->event);
    }

    place->request = NULL;
    place->data = NULL;
    place->generation++;
    place->next = ngx_http_billing_free_places;
    ngx_http_billing_free_places = place;
}


static void
ngx_http_billing_park_wake(ngx_event_t *ev)
{
    void                      *data;
    ngx_uint_t                 timed_out;
    ngx_connection_t          *c;
    ngx_http_request_t        *r;
    ngx_http_billing_wake_pt   wake;
    ngx_http_billing_place_t  *place;

    place = (ngx_http_billing_place_t *)
                ((u_char *) ev - offsetof(ngx_http_billing_place_t, event));

    r = place->request;
    c = r->connection;
    wake = place->wake;
    data = place->data;
    timed_out = ev->timedout;

    ngx_http_billing_park_free(place);

    ngx_http_set_log_request(c->log, r);

    r->read_event_handler = ngx_http_block_reading;

    wake(r, data, timed_out);

    ngx_http_run_posted_requests(c);
}


/* The request ends: whatever comes for it finds an older generation. */

static void
ngx_http_billing_park_forget(void *data)
{
    ngx_http_billing_handle_t *handle = data;

    ngx_http_billing_place_t  *place;

    place = ngx_http_billing_park_find(*handle);

    if (place) {
        ngx_http_billing_park_free(place);
    }
}
