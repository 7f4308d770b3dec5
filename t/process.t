#!/usr/bin/perl

# billing_worker: the program that nginx starts and watches; here a stand-in
# that writes down how it was started.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

plan skip_all => 'not under valgrind' if $ENV{TEST_NGINX_USE_VALGRIND};

my $dir = fixture();

spew('program', <<"PROGRAM", 0755);
#!/usr/bin/perl
use strict;
open my \$out, '>>', '$dir/life' or die;
sub note { syswrite \$out, "\@_\\n" }
\$SIG{TERM} = sub { note('term', \$\$); exit 0 };
note('start', \$\$, getppid, \@ARGV);
note('fds', map { (readlink "/proc/\$\$/fd/\$_") =~ m{/(?:life|program)\$}
    ? () : \$_ } grep { -e "/proc/\$\$/fd/\$_" } 0 .. 63);
note('fd0', readlink "/proc/\$\$/fd/0");
open my \$in, '<', "/proc/\$\$/status";
chomp, note(\$_) for grep { /^Sig(Blk|Ign)/ } <\$in>;
print STDERR "said by the program\\n";
exit 3 if -e '$dir/short';
select undef, undef, undef, 0.05 while 1;
PROGRAM
spew('life', '', 0666);

sub life {
    open my $in, '<', "$dir/life" or die;
    local $/;
    return scalar <$in>;
}

# The process ids of the programs started so far, and of those that live.

sub started { return life() =~ /^start (\d+)/mg }
sub alive { return grep { -e "/proc/$_" && cmdline($_) =~ /program/ } started() }

sub cmdline {
    open my $in, '<', "/proc/$_[0]/cmdline" or return '';
    local $/;
    return scalar(<$in>) // '';
}

sub helper {
    return map { /^\s*(\d+)/ } grep { /cache manager/ }
        split /^/, `ps --ppid @{[nginx_pid()]} -o pid=,args=`;
}

sub start {
    my (%how) = @_;
    $Test::Nginx::Local::Server::MASTER = $how{master} || 'on';
    nginx_start(log_level => 'notice', http_config =>
        "billing_config $dir/billing.json; billing_zone billing 1m;"
        . "billing_worker $dir/program;",
        config => 'location = /t { return 204; }');
}

sub one_alive { return until_true(sub { alive() == 1 }, $_[0] || 5) }


# --- start ----------------------------------------------------------------------------

my $root = $Test::Nginx::Local::Server::ROOT;

start();
ok(one_alive(), 'one program is started');
my ($pid) = alive();
like(life(), qr/^start \d+ @{[helper()]} --config \Q$dir\E\/billing\.json$/m,
    'by the helper, with the file of billing_config');
ok(until_true(sub { life() =~ /^SigIgn/m }), 'it has told how it was started');
like(life(), qr/^fds 0 1 2$/m, 'with no open file but the three');
like(life(), qr{^fd0 /dev/null$}m, 'its input is nothing');
like(life(), qr/^SigBlk:\s+0+$/m, 'no signal is blocked');
# Perl itself ignores SIGFPE, the 8th.
like(life(), qr/^SigIgn:\s+0+(?:80)?$/m, 'no signal is ignored');
like(error_log(), qr/said by the program/, 'its errors are in the error log');


# --- nginx -t ----------------------------------------------------------------------------

my @test = Test::Nginx::Local::Server::command();
my $before = started();
{
    # It ends without freeing anything: see t/wrong.t.
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
    system("@test -t > $dir/test.log 2>&1");
}
is($? >> 8, 0, 'nginx -t');
sleep 0.5;
is(scalar(started()), $before, 'starts nothing');


# --- watched ----------------------------------------------------------------------------

kill 'KILL', $pid;
ok(until_true(sub { my ($now) = alive(); $now && $now != $pid }),
    'killed: started again');
my $last = () = started();
($pid) = alive();
my ($old_helper) = helper();

nginx_signal('HUP');
ok(until_true(sub { my ($now) = helper(); $now && $now != $old_helper }),
    'reload: a new helper');
ok(until_true(sub { !-e "/proc/$pid" }), 'the old program is gone');
ok(one_alive(), 'one program lives');
like(life(), qr/^term $pid$/m, 'the old one was told');

nginx_signal('USR1');
sleep 0.3;
is(scalar(alive()), 1, 'USR1: one program lives');

my ($helper) = helper();
($pid) = alive();
kill 'KILL', $helper;
ok(until_true(sub { !-e "/proc/$pid" }), 'helper killed: its program ends');
ok(one_alive(), 'the next helper starts another');

($pid) = alive();
nginx_stop(qr/exited on signal 9/);
ok(until_true(sub { !-e "/proc/$pid" }), 'QUIT: the program ends with nginx');

start();
ok(one_alive(), 'again');
($pid) = alive();
nginx_signal('TERM');
ok(until_true(sub { !-e "/proc/$pid" }), 'TERM: the program ends too');
nginx_stop();

start();
ok(one_alive(), 'once more');
($pid) = alive();
my @workers = map { /^\s*(\d+)/ }
    split /^/, `ps --ppid @{[nginx_pid()]} -o pid=`;
nginx_signal('KILL');
ok(until_true(sub { !-e "/proc/$pid" }), 'master killed: the program ends');
kill 'TERM', @workers;
nginx_stop();


# --- short-lived ----------------------------------------------------------------------------

spew('short', '');
$before = () = started();
start();
sleep 3;
nginx_stop();
my $times = () = started();
cmp_ok($times - $before, '>=', 3, 'a program that ends is started again');
cmp_ok($times - $before, '<=', 6, 'ever more seldom');
unlink "$dir/short";


# --- without a master ---------------------------------------------------------------------------

$before = () = started();
start(master => 'off');
sleep 0.5;
$times = () = started();
is($times, $before, 'master_process off: nothing is started');
like(error_log(), qr/\[notice\].*billing-worker is not started/, 'and said');
nginx_stop();

done_testing();
