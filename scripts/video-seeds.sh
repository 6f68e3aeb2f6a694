#!/bin/sh
# Key frames of real encoders, as seeds for the fuzzing of video: video-seeds.sh DIR. Each is a byte that says how it is coded
# (0: H.264, 1: H.265) and one access unit in Annex B. It needs ffmpeg with x264 and x265.
set -eu

dir=$1
mkdir -p "$dir"

# What ffmpeg calls the two formats.
raw() { case $1 in libx264) echo h264 ;; *) echo hevc ;; esac; }

seed() { # NAME BYTE CODEC PIXELS [OPTION…]: one picture, coded so
    name=$1 byte=$2 codec=$3 pixels=$4
    shift 4
    {
        printf "\\$byte"
        ffmpeg -nostdin -v error -f lavfi -i 'testsrc2=size=96x64:rate=1' -vf 'noise=alls=20:allf=t' -frames:v 1 -pix_fmt "$pixels" \
            -c:v "$codec" "$@" -f "$(raw "$codec")" -
    } >"$dir/$name"
}

seed h264-baseline 000 libx264 yuv420p -profile:v baseline
seed h264-main 000 libx264 yuv420p -profile:v main
seed h264-high 000 libx264 yuv420p -profile:v high -x264-params 8x8dct=1:cabac=1
seed h264-slices 000 libx264 yuv420p -x264-params slices=4
seed h264-fields 000 libx264 yuv420p -flags +ildct+ilme -x264-params tff=1
seed h264-fine 000 libx264 yuv420p -qp 1
seed h264-coarse 000 libx264 yuv420p -qp 45
seed h265 001 libx265 yuv420p -x265-params log-level=error
seed h265-slices 001 libx265 yuv420p -x265-params log-level=error:slices=2
seed h265-10bit 001 libx265 yuv420p10le -x265-params log-level=error
seed h265-fine 001 libx265 yuv420p -x265-params log-level=error:qp=1
seed h265-lossless 001 libx265 yuv420p -x265-params log-level=error:lossless=1
seed h265-small-blocks 001 libx265 yuv420p -x265-params log-level=error:ctu=16:min-cu-size=8
