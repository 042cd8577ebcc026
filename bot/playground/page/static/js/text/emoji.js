/* Emoji by their Slack names: the common ones. A name that is not here stays text, as Slack shows unknown ones. */

const LIST = `
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 100 💯 1234 🔢 adult 🧑 airplane ✈️ alarm_clock ⏰ alien 👽 ambulance 🚑 anchor ⚓ angel 👼
angry 😠 apple 🍎 arrow_backward ◀️ arrow_down ⬇️ arrow_forward ▶️ arrow_left ⬅️ arrow_right ➡️ arrow_up ⬆️
arrows_counterclockwise 🔄 art 🎨 astonished 😲 atom_symbol ⚛️ avocado 🥑 baby 👶 back 🔙 balloon 🎈 ballot_box_with_check ☑️
bangbang ‼️ bank 🏦 bar_chart 📊 battery 🔋 bee 🐝 beer 🍺 beers 🍻 beetle 🐞 bell 🔔 no_bell 🔕 beginner 🔰 bike 🚲 birthday 🎂
black_circle ⚫ black_large_square ⬛ black_square ◼️ blossom 🌼 blue_book 📘 blue_heart 💙 blush 😊 bomb 💣 book 📖 bookmark 🔖
books 📚 boom 💥 bouquet 💐 bow 🙇 brain 🧠 bread 🍞 briefcase 💼 broken_heart 💔 broom 🧹 bug 🐛 building_construction 🏗️ bulb 💡
bust_in_silhouette 👤 busts_in_silhouette 👥 butterfly 🦋 cactus 🌵 cake 🍰 calendar 📆 call_me_hand 🤙 camera 📷 candle 🕯️
car 🚗 card_file_box 🗃️ card_index 📇 cat 🐱 champagne 🍾 chart_with_downwards_trend 📉 chart_with_upwards_trend 📈 chart 💹
checkered_flag 🏁 cherry_blossom 🌸 chocolate_bar 🍫 city_sunset 🌆 clap 👏 clipboard 📋 closed_book 📕 closed_lock_with_key 🔐
cloud ☁️ clown_face 🤡 coffee ☕ cold_sweat 😰 compass 🧭 computer 💻 confetti_ball 🎊 confused 😕 construction 🚧
construction_worker 👷 control_knobs 🎛️ cookie 🍪 cool 🆒 cop 👮 credit_card 💳 crossed_fingers 🤞 crown 👑 cry 😢
crystal_ball 🔮 dancer 💃 dart 🎯 dash 💨 date 📅 dizzy 💫 dizzy_face 😵 dog 🐶 dollar 💵 door 🚪 dove_of_peace 🕊️ droplet 💧
ear 👂 earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 egg 🥚 electric_plug 🔌 elephant 🐘 email 📧 envelope ✉️ euro 💶
exclamation ❗ exploding_head 🤯 expressionless 😑 eye 👁️ eyeglasses 👓 eyes 👀 face_with_monocle 🧐 face_with_rolling_eyes 🙄
facepalm 🤦 fast_forward ⏩ fearful 😨 file_cabinet 🗄️ file_folder 📁 fire 🔥 fire_engine 🚒 fireworks 🎆 first_place_medal 🥇
fist 👊 flashlight 🔦 flushed 😳 fog 🌫️ four_leaf_clover 🍀 fox_face 🦊 free 🆓 frowning 😦 fuelpump ⛽ game_die 🎲 gear ⚙️ gem 💎
ghost 👻 gift 🎁 globe_with_meridians 🌐 goat 🐐 green_apple 🍏 green_book 📗 green_heart 💚 grey_exclamation ❕ grey_question ❔
grimacing 😬 grin 😁 grinning 😀 hammer 🔨 hammer_and_wrench 🛠️ handshake 🤝 hankey 💩 hash #️⃣ hatching_chick 🐣 headphones 🎧
heart ❤️ heart_eyes 😍 heavy_check_mark ✔️ heavy_dollar_sign 💲 heavy_minus_sign ➖ heavy_multiplication_x ✖️
heavy_plus_sign ➕ hedgehog 🦔 herb 🌿 hibiscus 🌺 high_brightness 🔆 hole 🕳️ honeybee 🐝 hospital 🏥 hot_pepper 🌶️ hourglass ⌛
hourglass_flowing_sand ⏳ house 🏠 hugging_face 🤗 hushed 😯 hurtrealbad 🤕 ice_cube 🧊 id 🆔 inbox_tray 📥
information_source ℹ️ innocent 😇 jigsaw 🧩 joy 😂 key 🔑 old_key 🗝️ keyboard ⌨️ keycap_star *️⃣ kissing_heart 😘 label 🏷️
ladder 🪜 large_blue_circle 🔵 large_blue_diamond 🔷 large_green_circle 🟢 large_orange_circle 🟠 large_orange_diamond 🔶
large_purple_circle 🟣 large_red_square 🟥 large_green_square 🟩 large_yellow_circle 🟡 laughing 😆 leaves 🍃 ledger 📒 lemon 🍋
link 🔗 linked_paperclips 🖇️ lock 🔒 lock_with_ink_pen 🔏 loudspeaker 📢 low_brightness 🔅 lower_left_ballpoint_pen 🖊️ mag 🔍
mag_right 🔎 magnet 🧲 mailbox 📫 maple_leaf 🍁 mask 😷 mega 📣 memo 📝 pencil 📝 microphone 🎤 microscope 🔬 mirror 🪞 monkey 🐵
moneybag 💰 money_with_wings 💸 money_mouth_face 🤑 mountain ⛰️ mouse 🐭 muscle 💪 musical_note 🎵 mushroom 🍄 name_badge 📛
nerd_face 🤓 neutral_face 😐 new 🆕 newspaper 📰 no_entry ⛔ no_entry_sign 🚫 no_good 🙅 notebook 📓 o ⭕ ocean 🌊 octopus 🐙 ok 🆗
ok_hand 👌 ok_woman 🙆 one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ keycap_ten 🔟
open_file_folder 📂 open_hands 👐 open_mouth 😮 orange_book 📙 orange_heart 🧡 outbox_tray 📤 owl 🦉 package 📦 page_facing_up 📄
page_with_curl 📃 palm_tree 🌴 panda_face 🐼 paperclip 📎 partying_face 🥳 party 🎉 pause_button ⏸️ double_vertical_bar ⏸️
penguin 🐧 pensive 😔 phone ☎️ pie 🥧 pineapple 🍍 pizza 🍕 playground_slide 🛝 point_down 👇 point_left 👈 point_right 👉
point_up ☝️ point_up_2 👆 popcorn 🍿 postbox 📮 pouting_face 😡 rage 😡 pray 🙏 probing_cane 🦯 purple_heart 💜 purse 👛
pushpin 📌 puzzle_piece 🧩 question ❓ rabbit 🐰 racehorse 🐎 radio_button 🔘 rainbow 🌈 raised_hand ✋ raised_hands 🙌
raising_hand 🙋 receipt 🧾 recycle ♻️ red_circle 🔴 registered ®️ relaxed ☺️ relieved 😌 repeat 🔁 rewind ⏪ ring 💍
robot_face 🤖 rocket 🚀 rose 🌹 rotating_light 🚨 round_pushpin 📍 rowboat 🚣 runner 🏃 sad 😞 safety_pin 🧷 safety_vest 🦺
salute 🫡 saluting_face 🫡 santa 🎅 satellite 🛰️ satisfied 😆 scales ⚖️ scream 😱 scroll 📜 second_place_medal 🥈
see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊 seedling 🌱 shield 🛡️ ship 🚢 shopping_trolley 🛒 shrug 🤷 shushing_face 🤫 sleeping 😴
slightly_frowning_face 🙁 slightly_smiling_face 🙂 sloth 🦥 smile 😄 smiley 😃 smirk 😏 smoking 🚬 snail 🐌 snake 🐍 snowflake ❄️
snowman ⛄ sob 😭 soon 🔜 sos 🆘 space_invader 👾 sparkle ❇️ sparkler 🎇 sparkles ✨ sparkling_heart 💖 speaker 🔈 speech_balloon 💬
spider 🕷️ spiral_calendar_pad 🗓️ sponge 🧽 sports_medal 🏅 star ⭐ star2 🌟 star-struck 🤩 stethoscope 🩺 stop_sign 🛑 octagonal_sign 🛑
black_square_for_stop ⏹️ stopwatch ⏱️ stuck_out_tongue 😛 sunflower 🌻 sunglasses 😎 sun_with_face 🌞 sunny ☀️ sunrise 🌅 sweat 😓
sweat_smile 😅 tada 🎉 taco 🌮 telescope 🔭 tent ⛺ test_tube 🧪 thermometer 🌡️ thinking_face 🤔 thinking 🤔 third_place_medal 🥉
thought_balloon 💭 thread 🧵 ticket 🎫 timer_clock ⏲️ tired_face 😫 tm ™️ toolbox 🧰 tools 🛠️ top 🔝 tornado 🌪️ traffic_light 🚥
vertical_traffic_light 🚦 triangular_flag_on_post 🚩 triangular_ruler 📐 trophy 🏆 truck 🚚 tulip 🌷 turtle 🐢 umbrella ☔
unamused 😒 unicorn_face 🦄 unlock 🔓 upside_down_face 🙃 v ✌️ vs 🆚 wastebasket 🗑️ watch ⌚ watermelon 🍉 wave 👋 weary 😩
whale 🐳 white_check_mark ✅ white_circle ⚪ white_heart 🤍 white_large_square ⬜ wilted_flower 🥀 wink 😉 wolf 🐺 worried 😟
wrench 🔧 writing_hand ✍️ x ❌ yawning_face 🥱 yellow_heart 💛 yum 😋 zap ⚡ zipper_mouth_face 🤐 zzz 💤 warning ⚠️ hot_face 🥵
melting_face 🫠 heavy_exclamation_mark ❗ negative_squared_cross_mark ❎ eight_spoked_asterisk ✳️ small_blue_diamond 🔹
small_orange_diamond 🔸 small_red_triangle 🔺 small_red_triangle_down 🔻 ballot_box 🗳️ abacus 🧮 identification_card 🪪
`;

const words = LIST.trim().split(/\s+/);
const KNOWN = new Map();
for (let at = 0; at < words.length; at += 2) KNOWN.set(words[at], words[at + 1]);

/** Where an emoji may be written in text: its name, and a skin tone that is left out. */
export const EMOJI = /:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/y;

/** The character of an emoji name, or undefined when it is not known. */
export function emojiOf(name) {
  return KNOWN.get(name);
}

/** Text with the known `:names:` as characters. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+):(?::skin-tone-[2-6]:)?/g, (typed, name) => KNOWN.get(name) ?? typed);
}
