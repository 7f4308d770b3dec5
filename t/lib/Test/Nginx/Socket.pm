package Test::Nginx::Socket;

# The block language of OpenResty's Test::Nginx, as far as our tests use it,
# on nothing but Debian's libtest-base-perl.  The same t/*.t run under the
# original: TEST_NGINX_UPSTREAM=<its lib folder> prove t/gate.t
#
# Sections: config http_config main_config user_files init, request
# pipelined_requests raw_request raw_request_middle_delay more_headers timeout
# wait abort shutdown ignore_response must_die, error_code(_like)
# response_headers(_like) raw_response_headers_like/unlike response_body
# response_body_like/unlike response_body_filters, error_log no_error_log
# grep_error_log grep_error_log_out access_log no_access_log, log_level
# skip_eval skip_nginx suppress_stderr ONLY SKIP LAST.

use strict;
use warnings;

BEGIN {
    my $dir = $ENV{TEST_NGINX_UPSTREAM};

    if ($dir) {
        unshift @INC, $dir;
        $INC{'Test/Nginx/Socket.pm'} = "$dir/Test/Nginx/Socket.pm";
        do $INC{'Test/Nginx/Socket.pm'} or die $@ || $!;

    } else {
        require Test::Nginx::Local::Runner;
        no warnings 'once';
        our @ISA = ('Test::Base');
        our @EXPORT = @Test::Nginx::Local::Runner::NAMES;
        no strict 'refs';
        *{"Test::Nginx::Socket::$_"} = \&{"Test::Nginx::Local::Runner::$_"}
            for @EXPORT;
    }
}

1;
