# A BMC's power button, as ipmi_sim presses it for each chassis command:
#
#     bash button.sh PORT get power | set power 0|1 | set reset 1
#
# In bash, for that is there in two milliseconds and speaks TCP.

exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
echo "${@:2}" >&3
IFS= read -r -d "" -u 3 said # to the end
if [[ $said != 0* ]]; then # ipmi_sim makes completion code 0xff of it
    said=${said:1}
    echo "${said:-the chassis is gone}" >&2
    exit 1
fi
if [[ ${said:1} ]]; then
    echo "${said:1}"
fi
