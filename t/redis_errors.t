#!/usr/bin/perl

# Whatever Redis answers in place of what was asked (reliability.md 5.8 rows 4,
# 5, 7, 8 and 9): what is not known stays unknown, nothing is sold, nobody
# waits long, others do not notice, and the next good answer is taken.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker ();
use Test::More;
use Time::HiRes qw(sleep time);

my $dir = Billing::fixture(no_redis => 1);

my $SLACK = $ENV{TEST_NGINX_USE_VALGRIND} ? 5 : 1;

# One that speaks the protocol: it greets, confirms subscriptions, knows the
# epoch, and says to GET and XADD what stands in the file "says".

sub bulk { '$' . length($_[0]) . "\r\n$_[0]\r\n" }

sub speaks {
    my ($connection) = @_;
    my $unread = '';
    open my $log, '>>', "$dir/connections" or die;
    syswrite $log, "x\n";
    while (sysread $connection, $unread, 65536, length $unread) {
        while ($unread =~ /\A\*(\d+)\r\n/) {
            my ($n, $at, @words) = ($1, $+[0]);
            while (@words < $n && substr($unread, $at) =~ /\A\$(\d+)\r\n/) {
                my $from = $at + $+[0];
                last if length $unread < $from + $1 + 2;
                push @words, substr $unread, $from, $1;
                $at = $from + $1 + 2;
            }
            last if @words < $n;
            substr $unread, 0, $at, '';
            syswrite $connection, said(@words);
        }
    }
}

my %subscribed;

sub said {
    my ($word, $key) = @_;
    if ($word eq 'SUBSCRIBE') {
        $subscribed{$key} = 1;
        return "*3\r\n" . bulk('subscribe') . bulk($key) . ':1' . "\r\n";
    }
    return %subscribed ? "*2\r\n" . bulk('pong') . bulk('') : "+PONG\r\n"
        if $word eq 'PING';
    return bulk('1 ready') if $key =~ /:epoch$/;
    open my $in, '<', "$dir/says" or return "\$-1\r\n";
    local $/;
    my $says = <$in> // '';
    return $says if $says !~ s/\Arecords //;
    return $word eq 'XADD' ? bulk('1-1')
        : (map { substr $_, length($key) + 1 }
            grep { index($_, "$key ") == 0 } split /\n/, $says)[0]
        ? bulk((map { substr $_, length($key) + 1 }
            grep { index($_, "$key ") == 0 } split /\n/, $says)[0])
        : "\$-1\r\n";
}

sub says {
    spew('saying', $_[0]);
    rename "$dir/saying", "$dir/says" or die;
}

my $RECORDS = join "\n", map { join ' ', record($_) }
    team('paid', 'team', 'active'), member('paid', 'owner@example.test', 6);

my $pid = impostor(\&speaks);
says("records $RECORDS");

nginx_start(log_level => 'info', http_config => $ENV{TEST_NGINX_BILLING},
    config => <<'CONF');
    billing_profile owner@example.test;
    billing_team $arg_t;
    add_header X-Verdict "$billing_status $billing_reason" always;
    location = /gate { billing_require view; billing_cache_ttl 1s;
        billing_cache_max_age 1s; try_files /none @ok; }
    location = /pass { billing_require view; billing_on_error pass;
        try_files /none @ok; }
    location @ok { add_header X-Verdict "$billing_status $billing_reason";
        return 200 "ok\n"; }
    location = /fast { return 200 "fast\n"; }
    location = /billing/status { billing_api; }
    location / { billing_api; billing_wait 600ms; }
CONF

sub verdict {
    my ($path, $expected, $name) = @_;
    my ($status, $head, undef, $took) = get($path);
    my ($said) = $head =~ /^X-Verdict: ([^\r\n]*)/m;
    is(join(' ', $status, grep { /\S/ } $said // ''), $expected, $name);
    cmp_ok($took, '<', 1.2 + $SLACK, "$name, soon");
}

ok(until_true(sub { (get('/gate?t=paid'))[1] =~ /PASSED ALLOW/ }, 5),
    'the one that plays Redis is believed');

my %ANSWERS = (
    (map { /^(\w+)/; ($1 => "-$_\r\n") }
        'LOADING Redis is loading the dataset in memory',
        'OOM command not allowed when used memory > maxmemory',
        'READONLY You can\'t write against a read only replica.',
        'MISCONF Errors writing to the AOF file',
        'NOAUTH Authentication required.',
        'NOPERM this user has no permissions',
        'BUSY Redis is busy running a script',
        'MASTERDOWN Link with MASTER is down',
        'WRONGTYPE Operation against a key holding the wrong kind of value',
        'NOSCRIPT No matching script', 'MOVED 1 127.0.0.1:1',
        'CLUSTERDOWN The cluster is down', 'ERR unknown'),
    'nothing' => "\$-1\r\n",
    'a number' => ":1\r\n",
    'a list' => "*2\r\n:1\r\n:2\r\n",
    'a list in a list' => "*1\r\n*1\r\n:1\r\n",
    'an empty string' => "\$0\r\n\r\n",
    'half a string' => "\$100\r\nhalf",
    'half a line' => '$1',
    'garbage' => "\0\1\2\r\n",
    'one answer too many' => "\$-1\r\n\$-1\r\n\$-1\r\n",
    'nothing at all' => '',
);

my $turn = 0;

for my $answer (sort keys %ANSWERS) {
    my $name = "$answer:";
    $turn++;
    says($ANSWERS{$answer});
    verdict("/gate?t=new$turn", '503 UNKNOWN ENTITLEMENT_UNKNOWN',
        "$name the unknown is refused");
    verdict("/pass?t=new$turn", '200 UNKNOWN ALLOW', "$name or let through");
    ok(until_true(sub { (get('/gate?t=paid'))[1] =~ /200.*STALE ALLOW/s }, 4),
        "$name the known is served stale");

    my ($status, undef, $body) = get('/demo/clock', method => 'POST',
        headers => ['Content-Type: application/json'],
        body => '{"advance":"1s"}');
    like($status, qr/^(?:202|503)$/, "$name nothing is sold: $status");

    my (undef, undef, undef, $took) = get('/fast');
    cmp_ok($took, '<', 0.05 + $SLACK, "$name others do not notice");

    says("records $RECORDS");
    ok(until_true(sub { (get('/gate?t=paid'))[1] =~ /PASSED ALLOW/ }, 8),
        "$name the next good answer is taken");
}

open my $in, '<', "$dir/connections" or die;
my $connections = () = <$in>;
cmp_ok($connections, '<=', 2 * (1 + 4 * keys %ANSWERS),
    "never many connections: $connections");
nginx_stop();

done_testing();
