/*
 * What ties the zone to the world outside: the one listener of this host, the
 * epoch of the records, the test clock.
 */

#include "ngx_http_billing_zone.h"

#define NGX_HTTP_BILLING_LEASE         2000     /* ms, of the listener */

/*
 * How long a link counts as up after what last proved it.  Less than the
 * second within which every host must know of a change (P26), though each
 * notice of it be lost; three pings, so that one may be late.
 */
#define NGX_HTTP_BILLING_HEARD         750      /* ms */


/*
 * A link that comes up begins a generation: what changed while nobody listened
 * was not heard, so everything older must be asked for again.
 */

void
ngx_http_billing_zone_link(ngx_shm_zone_t *zone, ngx_uint_t up)
{
    uint32_t                         pid;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);
    pool = ngx_http_billing_zone_pool(zone);
    pid = (uint32_t) ngx_pid;

    ngx_shmtx_lock(&pool->mutex);

    if (!up && header->link_pid == pid) {
        __atomic_store_n(&header->link_pid, 0, __ATOMIC_RELAXED);
    }

    if (up && header->link_pid != pid) {
        __atomic_store_n(&header->generation, header->generation + 1,
                         __ATOMIC_RELEASE);
        __atomic_store_n(&header->link_until_msec,
                         ngx_current_msec + NGX_HTTP_BILLING_HEARD,
                         __ATOMIC_RELAXED);
        __atomic_store_n(&header->link_pid, pid, __ATOMIC_RELEASE);
    }

    ngx_shmtx_unlock(&pool->mutex);
}


ngx_uint_t
ngx_http_billing_zone_linked(ngx_shm_zone_t *zone)
{
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    return __atomic_load_n(&header->link_pid, __ATOMIC_RELAXED) != 0
           && __atomic_load_n(&header->link_until_msec, __ATOMIC_RELAXED)
              > ngx_current_msec;
}


/*
 * Everything that was told before then has been heard: it came on the same
 * connection, in front of the answer to a question asked then.
 */

void
ngx_http_billing_zone_heard(ngx_shm_zone_t *zone, ngx_msec_t then)
{
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);

    if (__atomic_load_n(&header->link_pid, __ATOMIC_RELAXED)
        == (uint32_t) ngx_pid)
    {
        __atomic_store_n(&header->link_until_msec,
                         then + NGX_HTTP_BILLING_HEARD, __ATOMIC_RELAXED);
    }
}


/* Never back: a lower epoch is news from before a restore. */

void
ngx_http_billing_zone_epoch(ngx_shm_zone_t *zone, uint64_t epoch)
{
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);
    pool = ngx_http_billing_zone_pool(zone);

    ngx_shmtx_lock(&pool->mutex);

    if (header->epoch < epoch) {
        __atomic_store_n(&header->epoch, epoch, __ATOMIC_RELAXED);
    }

    ngx_shmtx_unlock(&pool->mutex);
}


uint64_t
ngx_http_billing_zone_epoch_now(ngx_shm_zone_t *zone)
{
    return __atomic_load_n(&ngx_http_billing_zone_header(zone)->epoch,
                           __ATOMIC_RELAXED);
}


ngx_uint_t
ngx_http_billing_zone_listener(ngx_shm_zone_t *zone)
{
    uint32_t                         pid;
    ngx_uint_t                       ours;
    ngx_slab_pool_t                 *pool;
    ngx_http_billing_zone_header_t  *header;

    header = ngx_http_billing_zone_header(zone);
    pool = ngx_http_billing_zone_pool(zone);
    pid = (uint32_t) ngx_pid;

    ngx_shmtx_lock(&pool->mutex);

    ours = header->lease_pid == pid;

    if (!ngx_exiting && !ngx_quit && !ngx_terminate
        && (ours || header->lease_until_msec <= ngx_current_msec))
    {
        if (!ours) {
            /* Nobody's link is up before the new listener says so. */
            __atomic_store_n(&header->link_pid, 0, __ATOMIC_RELAXED);
        }

        ours = 1;
        header->lease_pid = pid;
        __atomic_store_n(&header->lease_until_msec,
                         ngx_current_msec + NGX_HTTP_BILLING_LEASE,
                         __ATOMIC_RELAXED);

    } else if (ours) {
        /* A leaving worker hands over at once. */
        ours = 0;
        header->lease_pid = 0;
        __atomic_store_n(&header->link_pid, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&header->lease_until_msec, 0, __ATOMIC_RELAXED);
    }

    ngx_shmtx_unlock(&pool->mutex);

    return ours;
}


void
ngx_http_billing_zone_clock(ngx_shm_zone_t *zone, int64_t offset_sec)
{
    __atomic_store_n(&ngx_http_billing_zone_header(zone)->clock_sec,
                     offset_sec, __ATOMIC_RELAXED);
}


int64_t
ngx_http_billing_now(ngx_http_billing_main_conf_t *bmcf)
{
    if (!bmcf->demo || bmcf->zone == NULL) {
        return ngx_time();
    }

    return ngx_time()
           + __atomic_load_n(&ngx_http_billing_zone_header(bmcf->zone)
                                 ->clock_sec, __ATOMIC_RELAXED);
}
