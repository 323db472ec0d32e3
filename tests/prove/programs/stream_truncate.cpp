// SPDX-License-Identifier: Apache-2.0
// A std::ofstream on the file itself: between its opening and its closing there is nothing.
//
//: file settings.json json 300
//: verdict violated
//: class settings.json whole
//: violation engine=kill check=atomic path=settings.json observed=empty,short kept=@opens
//: violation engine=kill check=parse path=settings.json observed=unparseable,empty
//: violation engine=power check=atomic path=settings.json observed=empty,short kept=@opens
//: violation engine=power check=parse path=settings.json observed=unparseable,empty
#include <fstream>

int main() {
  std::ofstream file("settings.json");  // line: opens
  file << R"({"generation": 2})" << '\n';
  file.close();
  return file ? 0 : 70;
}
